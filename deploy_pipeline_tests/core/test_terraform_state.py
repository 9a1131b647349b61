"""Reading states and outputs."""

from deploy_pipeline.core.terraform_state import StateReading, read_outputs, read_state


def test_read_state_counts_managed_instances() -> None:
    resources = [
        {"mode": "managed", "instances": [{}, {}]},
        {"mode": "managed", "instances": []},
        {"mode": "data", "instances": [{}]},
    ]
    state = {"version": 4, "serial": 7, "lineage": "l", "resources": resources}
    assert read_state(state) == StateReading(7, "l", 2)
    assert read_state({"serial": 1, "lineage": "l"}) == StateReading(1, "l", 0)


def test_read_outputs_leaves_sensitive_ones_out_and_keeps_text_as_it_is() -> None:
    outputs = {
        "url": {"sensitive": False, "type": "string", "value": "https://x"},
        "key": {"sensitive": True, "type": "string", "value": "s3cret"},
        "map": {"sensitive": False, "type": ["map", "string"], "value": {"a": "b", "c": "d"}},
        "count": {"sensitive": False, "type": "number", "value": 3},
        "none": {"sensitive": False, "type": "string", "value": None},
    }
    assert read_outputs(outputs) == {"url": "https://x", "map": '{"a":"b","c":"d"}', "count": "3", "none": "null"}

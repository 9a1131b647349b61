"""Prices of what keeps data: databases, caches, search domains, tables, streams."""

from decimal import Decimal

from deploy_pipeline.core.cost.attributes import Attributes
from deploy_pipeline.core.cost.pricing import ONE, Priceable, Pricing, plain, refuse_if
from deploy_pipeline.core.cost.volumes import extra

ZERO, TWO = Decimal(0), Decimal(2)
RDS_GP3_IOPS = Decimal(12000)
RDS_ENGINES = {"mysql": "rds-mysql", "mariadb": "rds-mysql", "postgres": "rds-postgres"}
CACHE_ENGINES = {"redis": "elasticache-redis", "memcached": "elasticache-redis", "valkey": "elasticache-valkey"}


def db_instance(item: Priceable) -> Pricing:
    """An RDS instance and its storage; both twice with a standby in another zone."""
    values, engine = item.values, item.values.text("engine")
    refuse_if(engine not in RDS_ENGINES, f"engine {engine[:40]} is not in the price sheet")
    kind, copies = values.text("instance_class"), TWO if values.flag("multi_az") else ONE
    cost = item.sheet.monthly(RDS_ENGINES[engine], kind)
    storage = values.text("storage_type", "gp2") if values.values.get("storage_type") else _default_storage(values)
    size = values.number("allocated_storage")
    cost += size * item.sheet.monthly("rds-storage", storage)
    if storage in ("io1", "io2"):
        cost += values.number("iops") * item.sheet.monthly("rds-iops", storage)
    if storage == "gp3":
        cost += extra(values, "iops", RDS_GP3_IOPS) * item.sheet.monthly("rds-iops", storage)
    return Pricing(copies * cost, f"{plain(copies)} × {kind}, {plain(size)} GB of {storage}")


def _default_storage(values: Attributes) -> str:
    return "io1" if values.values.get("iops") is not None else "gp2"


def aurora_instance(item: Priceable) -> Pricing:
    """An instance of an Aurora cluster."""
    kind = item.values.text("instance_class")
    if kind == "db.serverless":
        return Pricing(usage="capacity units by the hour")
    engine = item.values.text("engine", "aurora")
    refuse_if(not engine.startswith("aurora"), f"engine {engine[:40]} is not in the price sheet")
    return Pricing(item.sheet.monthly("aurora", kind), f"1 × {kind}")


def cache_cluster(item: Priceable) -> Pricing:
    """A cache cluster; a member of a replication group is counted there."""
    if item.values.given("replication_group_id"):
        return Pricing(basis="counted in its replication group")
    return _cache_nodes(item, item.values.number("num_cache_nodes", ONE))


def replication_group(item: Priceable) -> Pricing:
    """All nodes of a replication group: as a number, or as shards with replicas."""
    values = item.values
    if values.values.get("num_cache_clusters") is not None:
        return _cache_nodes(item, values.number("num_cache_clusters"))
    shards = values.number("num_node_groups", ONE)
    return _cache_nodes(item, shards * (ONE + values.number("replicas_per_node_group", ZERO)))


def _cache_nodes(item: Priceable, count: Decimal) -> Pricing:
    engine, kind = item.values.text("engine", "redis"), item.values.text("node_type")
    refuse_if(engine not in CACHE_ENGINES, f"engine {engine[:40]} is not in the price sheet")
    return Pricing(count * item.sheet.monthly(CACHE_ENGINES[engine], kind), f"{plain(count)} × {kind}")


def search_domain(item: Priceable) -> Pricing:
    """Data nodes with their volumes, and dedicated masters."""
    cluster, disk = item.values.block("cluster_config"), item.values.block("ebs_options")
    refuse_if(cluster.flag("warm_enabled"), "warm nodes are not in the price sheet")
    kind, count = cluster.text("instance_type", "m4.large.search"), cluster.number("instance_count", ONE)
    kind = kind.replace(".elasticsearch", ".search")
    cost, basis = item.sheet.monthly("opensearch", kind), f"{plain(count)} × {kind}"
    if disk.flag("ebs_enabled"):
        storage = disk.text("volume_type", "gp2")
        refuse_if(storage == "io1", "provisioned IOPS of search domains are not in the price sheet")
        cost += disk.number("volume_size") * item.sheet.monthly("opensearch-storage", storage)
    cost *= count
    if cluster.flag("dedicated_master_enabled"):
        master = cluster.text("dedicated_master_type").replace(".elasticsearch", ".search")
        masters = cluster.number("dedicated_master_count")
        cost += masters * item.sheet.monthly("opensearch", master)
        basis += f", {plain(masters)} × {master}"
    return Pricing(cost, basis)


def dynamodb_table(item: Priceable) -> Pricing:
    """Provisioned capacity of a table and its indexes, in its own region; on demand all depends on use."""
    values = item.values
    if values.text("billing_mode", "PROVISIONED") == "PAY_PER_REQUEST":
        return Pricing(usage="requests, storage")
    parts = (values, *values.blocks("global_secondary_index"))
    read = sum((part.number("read_capacity") for part in parts), ZERO)
    write = sum((part.number("write_capacity") for part in parts), ZERO)
    cost = read * item.sheet.monthly("dynamodb", "read") + write * item.sheet.monthly("dynamodb", "write")
    return Pricing(cost, f"{plain(read)} read and {plain(write)} write units", "storage, backups, replicas, scaling")


def kinesis_stream(item: Priceable) -> Pricing:
    """Shards, or a stream on demand."""
    if item.values.block("stream_mode_details").text("stream_mode", "PROVISIONED") == "ON_DEMAND":
        return Pricing(item.sheet.monthly("kinesis", "on-demand-stream"), "1 stream on demand", "data in and out")
    count = item.values.number("shard_count")
    return Pricing(count * item.sheet.monthly("kinesis", "shard"), f"{plain(count)} shards", "data in")


def msk_cluster(item: Priceable) -> Pricing:
    """Brokers and their storage."""
    count, group = item.values.number("number_of_broker_nodes"), item.values.block("broker_node_group_info")
    kind = group.text("instance_type")
    disk = group.block("storage_info").block("ebs_storage_info").number("volume_size", ZERO)
    each = item.sheet.monthly("msk", kind) + disk * item.sheet.monthly("msk-storage", "storage")
    return Pricing(count * each, f"{plain(count)} × {kind}, {plain(disk)} GB each")

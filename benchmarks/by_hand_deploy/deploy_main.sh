#!/usr/bin/env bash
# A deployment without the pipeline: the commands of a usual deploy workflow, one after another, as its jobs would run
# them on one machine. Same programs, versions, inputs and policy as the pipeline's; each stage writes its time.
#
# Given by benchmarks.deploy_by_hand: SHA and SOURCE (a bare repository), WORK (kept from one deployment to the next:
# its warm caches), REGISTRY (host:port), BASE_IMAGE, AWS (the command line interface), TRIVY, TRIVY_CACHE, TERRAFORM,
# TERRAFORM_OVERRIDE (settings for an emulated AWS), ARTIFACTS (bucket), STATE (bucket), SLACK_API, the usual variables
# of AWS, TIMES and CALLS (files that get a line for each stage, and for each call of the command line interface).
set -euo pipefail

IMAGES=(training inference)
FUNCTIONS=(pre_cleanup data_prep start_training engagement_api explain_engagement)
CLUSTER=engagement-ml
SERVICE=engagement-ml-inference
STACK="$WORK/source/terraform/main"
export DOCKER_BUILDKIT=0 DOCKER_CLI_HINTS=false TF_IN_AUTOMATION=1 TF_INPUT=0 CHECKPOINT_DISABLE=1 NO_COLOR=1 AWS_PAGER='' LC_ALL=C.UTF-8

aws() {
  echo "$1 $2" >> "$CALLS"
  "$AWS" "$@"
}

stage() {
  local start=${EPOCHREALTIME/./}
  "$1"
  echo "$1 $((${EPOCHREALTIME/./} - start))" >> "$TIMES" # microseconds
}

image_uri() { echo "$REGISTRY/engagement-ml/$1"; }
function_name() { echo "engagement-ml-${1//_/-}"; }
digest_of() { docker inspect --format '{{json .RepoDigests}}' "$1:$SHA" | jq -r --arg uri "$1@" '.[] | select(startswith($uri))'; }

checkout() {
  [ -d "$WORK/source" ] || git clone --quiet --no-checkout "$SOURCE" "$WORK/source"
  git -C "$WORK/source" fetch --quiet origin
  git -C "$WORK/source" checkout --quiet --force "$SHA"
}

login() { aws ecr get-login-password | docker login --username AWS --password-stdin "$REGISTRY" > "$WORK/login.log" 2>&1; }

build_images() {
  for image in "${IMAGES[@]}"; do
    local folder="$WORK/source/fargate/$image"
    docker build --network host --build-arg "BASE_IMAGE=$BASE_IMAGE" -t "$(image_uri "$image"):$SHA" \
      -t "$(image_uri "$image"):latest" -f "$folder/Dockerfile" "$folder" > "$WORK/build-$image.log" 2>&1
  done
}

scan_images() {
  for image in "${IMAGES[@]}"; do
    "$TRIVY" image --quiet --cache-dir "$TRIVY_CACHE" --skip-db-update --skip-java-db-update --offline-scan \
      --scanners vuln --ignore-unfixed --severity CRITICAL,HIGH --exit-code 1 --skip-version-check --disable-telemetry \
      --image-src docker --format sarif --output "$WORK/trivy-$image.sarif" "$(image_uri "$image"):$SHA"
  done
}

push_images() {
  for image in "${IMAGES[@]}"; do
    docker push --quiet "$(image_uri "$image"):$SHA" >> "$WORK/push.log"
    docker push --quiet "$(image_uri "$image"):latest" >> "$WORK/push.log"
  done
}

package_functions() {
  for name in "${FUNCTIONS[@]}"; do
    (cd "$WORK/source/lambda/$name" && rm -f function.zip && zip -q -r function.zip . -x "*.pyc" "__pycache__/*")
    aws s3 cp --quiet "$WORK/source/lambda/$name/function.zip" "s3://$ARTIFACTS/by-hand/$name.zip"
  done
}

write_variables() {
  local images={} packages={}
  for image in "${IMAGES[@]}"; do
    images=$(jq -c --arg key "$image" --arg value "$(digest_of "$(image_uri "$image")")" '.[$key] = $value' <<< "$images")
  done
  for name in "${FUNCTIONS[@]}"; do
    packages=$(jq -c --arg key "$name" --arg value "by-hand/$name.zip" '.[$key] = $value' <<< "$packages")
  done
  jq -n --argjson images "$images" --argjson packages "$packages" --arg bucket "$ARTIFACTS" \
    '{image_uris: $images, package_keys: $packages, artifact_bucket: $bucket}' > "$STACK/by_hand.auto.tfvars.json"
}

terraform_init() {
  cd "$STACK"
  write_variables
  "$TERRAFORM" init -no-color -lockfile=readonly -backend-config="bucket=$STATE" \
    -backend-config="key=main/terraform.tfstate" -backend-config="region=$AWS_DEFAULT_REGION" \
    -backend-config="use_lockfile=true" -backend-config="use_path_style=true" \
    -backend-config="skip_credentials_validation=true" -backend-config="skip_region_validation=true" \
    -backend-config="skip_requesting_account_id=true" -backend-config="skip_metadata_api_check=true" \
    -backend-config="skip_s3_checksum=true" > "$WORK/init.log"
  cp "$TERRAFORM_OVERRIDE" "$STACK/by_hand_override.tf"
}

terraform_apply() {
  cd "$STACK"
  "$TERRAFORM" apply -auto-approve -no-color > "$WORK/apply.log"
  "$TERRAFORM" output -json > "$WORK/outputs.json"
}

deploy_service() {
  local definition
  definition=$(aws ecs describe-task-definition --task-definition "$SERVICE" \
    --query taskDefinition.taskDefinitionArn --output text)
  aws ecs update-service --cluster "$CLUSTER" --service "$SERVICE" --task-definition "$definition" > "$WORK/service.json"
  until service_runs "$definition"; do sleep 2; done
}

# Every task runs the new definition and answers. `aws ecs wait services-stable` would look only every 15 seconds.
service_runs() {
  local tasks
  aws ecs describe-services --cluster "$CLUSTER" --services "$SERVICE" > "$WORK/service.json"
  jq -e '.services[0] | .runningCount == .desiredCount and .runningCount > 0' "$WORK/service.json" > /dev/null || return 1
  tasks=$(aws ecs list-tasks --cluster "$CLUSTER" --service-name "$SERVICE" --query taskArns --output text)
  # shellcheck disable=SC2086
  aws ecs describe-tasks --cluster "$CLUSTER" --tasks $tasks > "$WORK/tasks.json"
  jq -e --arg arn "$1" 'all(.tasks[]; .taskDefinitionArn == $arn and .lastStatus == "RUNNING")' "$WORK/tasks.json" > /dev/null || return 1
  service_answers
}

service_answers() {
  local address
  for address in $(jq -r '.tasks[].attachments[].details[] | select(.name == "privateIPv4Address") | .value' "$WORK/tasks.json"); do
    curl --silent --fail --max-time 5 --output /dev/null "http://$address:8080/health" || return 1
  done
}

deploy_functions() {
  for name in "${FUNCTIONS[@]}"; do
    local function version
    function=$(function_name "$name")
    aws lambda update-function-code --function-name "$function" \
      --zip-file "fileb://$WORK/source/lambda/$name/function.zip" > "$WORK/function.json"
    aws lambda wait function-updated --function-name "$function"
    version=$(aws lambda publish-version --function-name "$function" --description "$SHA" --query Version --output text)
    aws lambda update-alias --function-name "$function" --name live --function-version "$version" > "$WORK/alias.json"
  done
}

invoke() {
  aws lambda invoke --function-name "$(function_name "$1")" --qualifier live --payload "$2" "$WORK/answer.json" > "$WORK/invoke.json"
  jq -e '.statusCode == 200' "$WORK/answer.json" > /dev/null || { echo "$1 answered $(cat "$WORK/answer.json")" >&2; return 1; }
}

smoke_tests() {
  invoke pre_cleanup '{"test": true}'
  invoke data_prep '{"test": true}'
  invoke start_training '{"test": true}'
  invoke engagement_api '{"httpMethod": "GET", "path": "/v1/health"}'
  invoke explain_engagement '{"question": "What makes a customer engaged?"}'
  local api key stage
  api=$(jq -r .rest_api_id.value "$WORK/outputs.json")
  stage=$(jq -r .stage_name.value "$WORK/outputs.json")
  key=$(aws apigateway get-api-key --api-key "$(jq -r .api_key_id.value "$WORK/outputs.json")" --include-value \
    --query value --output text)
  curl --silent --fail --output /dev/null -H "x-api-key: $key" "$AWS_ENDPOINT_URL/_aws/execute-api/$api/$stage/v1/health"
  aws bedrock-agent-runtime retrieve --knowledge-base-id "$(jq -r .knowledge_base_id.value "$WORK/outputs.json")" \
    --retrieval-query '{"text": "What makes a customer engaged?"}' > "$WORK/passages.json"
  service_answers
}

notify() {
  curl --silent --fail --output /dev/null -H "Authorization: Bearer $SLACK_BOT_TOKEN" \
    -H "Content-Type: application/json" --data "{\"channel\": \"#engineering\", \"text\": \"Deployed $SHA\"}" \
    "${SLACK_API%/}/chat.postMessage"
}

for name in checkout login build_images scan_images push_images package_functions terraform_init terraform_apply \
  deploy_service deploy_functions smoke_tests notify; do
  stage "$name"
done

#!/bin/sh
# A capacity plan: how large a batch keeps its promise, and whether it fits.
# Usage: MLSYSIM=path/to/mlsysim capacity_plan.sh
set -eu
MLSYSIM=${MLSYSIM:-mlsysim}
PLAN="$(dirname "$0")/plans/chat.yaml"

echo "# The plan as it stands"
$MLSYSIM eval "$PLAN"

echo "# The largest batch within 20 ms a token"
$MLSYSIM sweep eval hardware=h100 model=llama3_8b batch=1..512 \
    --where fits --where 'time <= 20 ms' --sort batch:desc --top 1 --columns time,throughput,need -o text

echo "# Twenty times the batch breaks the plan's limit: exit 3 says so"
status=0
$MLSYSIM eval "$PLAN" --set workload.batch_size=160 > /dev/null || status=$?
test "$status" -eq 3

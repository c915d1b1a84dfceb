#!/bin/sh
# A roofline study: where decoding stops waiting for memory, on two machines.
# Usage: MLSYSIM=path/to/mlsysim roofline_study.sh [folder for the plots]
set -eu
MLSYSIM=${MLSYSIM:-mlsysim}
OUT=${1:-.}

echo "# One step of decoding, side by side"
$MLSYSIM compare --hardware a100,h100 --model llama3_8b --batch 8

echo "# The smallest batch that waits for arithmetic, by machine"
$MLSYSIM sweep eval hardware=a100,h100 model=llama3_8b batch=1..4096:13:log context=128 \
    --where 'bottleneck == compute' --sort batch --top 4 --columns time,throughput,arithmetic_intensity -o text

$MLSYSIM sweep eval hardware=a100,h100 model=llama3_8b batch=1..256:9:log \
    --y throughput -o svg > "$OUT/throughput.svg"
$MLSYSIM eval llama3_8b h100 --batch 64 --svg "$OUT/roofline.svg" > /dev/null
echo "plots: $OUT/throughput.svg $OUT/roofline.svg"

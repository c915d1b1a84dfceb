#!/bin/sh
# A sweep piped into another tool: the cheapest point in joules per result, found by awk.
# Every column has its unit in the heading, so any reader of CSV can take it from here.
# Usage: MLSYSIM=path/to/mlsysim sweep_to_tool.sh
set -eu
MLSYSIM=${MLSYSIM:-mlsysim}

$MLSYSIM sweep eval hardware=a100,h100 model=resnet50 batch=1..256:9:log --columns time,energy |
    awk -F, '
        NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
        {
            each = $column["energy [J]"] / $column["batch"]
            if (NR == 2 || each < best) { best = each; at = $column["hardware"] ", batch " $column["batch"] }
        }
        END { printf "least energy: %.3g J per image on %s\n", best, at }'

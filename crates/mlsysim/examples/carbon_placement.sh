#!/bin/sh
# A carbon-aware placement: where to run a service, at three prices of greenhouse gas.
# Usage: MLSYSIM=path/to/mlsysim carbon_placement.sh
set -eu
MLSYSIM=${MLSYSIM:-mlsysim}
HERE="$(dirname "$0")/plans"

for price in 0 100 300; do
    $MLSYSIM optimize placement "$HERE/service.yaml" \
        --regions hydro,mixed,coal --carbon-tax "$price USD/tCO2e"
done

#!/bin/sh
# Scores the analyses on the enterprise simulator's ground truth, seed by seed.
#
#   [DAYS=28 USERS=200 SCALE=0.1 FROM=2026-03-16T00:00:00+09:00] simulator_score.sh PROGRAM TOOLS SEED...
#
# PROGRAM is the konseki binary, TOOLS the folder that holds enterprise/ and score.py. About 900 MB
# of disk and two minutes a seed; the folder is removed after each. Exit 1 if a planted case was
# missed or a look-alike reported.
set -eu
program=$(realpath "$1")
tools=$(realpath "$2")
shift 2
here=$(realpath "$(dirname "$0")")
analyses=FW-02,FW-03,ML-01,ML-02,PX-01,PX-02,PX-04,PX-05,PX-06,AD-01,AD-02,AD-03,AD-04,AD-05
days=${DAYS:-28}
users=${USERS:-200}
scale=${SCALE:-0.1}
from=${FROM:-2026-03-16T00:00:00+09:00}
if [ ! -f "$tools/score.py" ]; then
    echo "SKIPPED: $tools/score.py not found"
    exit 0
fi
result=0
for seed in "$@"; do
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT INT TERM
    python3 "$tools/enterprise" --seed "$seed" --days "$days" --users "$users" --scale "$scale" \
        --quiet --out "$work/run" > /dev/null
    python3 "$here/../../tools/site-from-simulator" "$work/run/site.json" > "$work/site.conf"
    (cd "$work/run" && "$program" import --store "$work/store" --tz Asia/Tokyo \
        --site "$work/site.conf" --ioc ioc --format jsonl logs > "$work/import.jsonl")
    "$program" findings --store "$work/store" --format jsonl > "$work/findings.jsonl"
    echo "== seed $seed"
    python3 "$tools/score.py" "$work/run/truth/truth.json" "$work/findings.jsonl" \
        --analyses "$analyses" --from "$from" || result=1
    rm -rf "$work"
done
exit $result

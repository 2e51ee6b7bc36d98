#!/bin/sh
# A first real number: zero-shot CLIP, CoOp and ProGrad on EuroSAT with OpenAI's ViT-B/16, at 1 and 16 shots, three draws,
# beside what was published. Run it in the project's folder with the environment active:
#
#     sh examples/eurosat.sh                             on the CPU
#     REPROMPT_DEVICE=cuda sh examples/eurosat.sh        on a GPU
#
# EuroSAT and the weights are downloaded from their makers' addresses; what is there is not fetched again, and what is
# tuned is not tuned again. SCALE and PARAMS name another scale and parameter file, as the test of this script does.
set -eu

SCALE=${SCALE:-paper}
PARAMS=${PARAMS:-params.yaml}

reprompt data fetch eurosat
reprompt try eurosat --backbone ViT-B-16 --methods zero_shot,coop,prograd --shots 1,16 --seeds 1,2,3 \
    --scale "$SCALE" --params "$PARAMS"
python "$(dirname "$0")/eurosat.py" "results/$SCALE/try/eurosat/outcomes.json"

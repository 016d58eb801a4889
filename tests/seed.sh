# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests that try a sample of many points, other ones in each run:
# LEADPIPE_SWEEP=SEED tries those of another run again, LEADPIPE_SWEEP=full all.
# Leaves that in $extent, and draws by $RANDOM.
# shellcheck disable=SC2034 # for whoever sources it
extent=${LEADPIPE_SWEEP-}
# No setting of the program, which would refuse it.
unset LEADPIPE_SWEEP
seed=$extent
[[ $seed =~ ^[0-9]+$ ]] || seed=$RANDOM
[ "$extent" = full ] || echo "# LEADPIPE_SWEEP=$seed"
RANDOM=$seed

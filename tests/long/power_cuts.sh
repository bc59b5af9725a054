# A vault on a simulated disk: 20,000 schedules of power cuts, each a life of three starts (HEARTH_POWER_CUTS for another number).
. tests/tap.sh

check "no schedule loses what was promised" env HEARTH_POWER_CUTS="${HEARTH_POWER_CUTS:-20000}" "$build"/tests/store/vault

# Downloads from a hostile host once more, with the programs whose filters are in force (a build with sanitizers has none).
export PULL_WITH=build
exec bash tests/end_to_end/pull.sh

"""Networks, rules, optimisers, tasks: arrays in, arrays out."""

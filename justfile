# Thin names for what CI and people run.

# Installs what the tests need and passes all of them
test:
    scripts/test

# The whole product at work on a real WordPress, until Ctrl-C
demo *arguments:
    scripts/demo {{arguments}}

# Takes the pictures of docs/ again
screenshots:
    scripts/screenshots

# Starts the service on SQLite in ./data
run *arguments:
    cargo run -- {{arguments}}

# The quick checks alone
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings
    scripts/layers

# Licences, sources and banned crates
deny:
    cargo deny --offline check bans licenses sources

# shellcheck shell=bash
# The pair: a WordPress from scripts/wordpress, and the service on a database of its own. All that is theirs lies in
# one folder, and processes are ended by the id that was noted when they were started.

# The site needs root; the service does not.
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)

prepare() {
  [ -n "$binary" ] || command -v cargo >/dev/null || die "no cargo: install the Rust toolchain first (https://rustup.rs)"
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || die "run it as root, or install sudo: it installs packages"
  "${as_root[@]}" "$here/install-test-tools" --demo
  if [ -z "$binary" ]; then build; fi
  dir=$(mktemp -d -t igny8-demo.XXXXXX)
  chmod 711 "$dir"    # the web server's user goes through it to the site
  umask 077
}

build() {
  say "building the service; the first time takes a few minutes"
  (cd "$root" && cargo build --locked)
  binary=$(cd "$root" && cargo metadata --locked --no-deps --format-version 1 | jq -r .target_directory)/debug/igny8-integration
}

bring_up_site() {
  (umask 022 && "${as_root[@]}" "$here/wordpress" up --dir "$dir/wordpress" --cron) >"$dir/site.json"
  site=$(site_json .url)
  settings_page="$site/wp-admin/options-general.php?page=igny8-bridge"
}

site_json() { jq -r ".sites[0]$1" "$dir/site.json"; }

# in_site PHP: runs it in the site, as its administrator; prints what it returns, as JSON.
in_site() { "${as_root[@]}" "$here/wordpress" eval --dir "$dir/wordpress" "$1"; }

# igny8 ARGUMENT...: the binary, with the demo's settings and nobody else's. A run of a node that was killed is taken
# over within its lease, and the demo does not want to wait for half a minute.
igny8() {
  cd "$dir" && exec env -i PATH="$PATH" IGNY8_BIND="127.0.0.1:$port" IGNY8_DATA_DIR="$dir/data" IGNY8_OUTBOUND_ALLOW=127.0.0.1/32 \
    IGNY8_RUN_LEASE=2s IGNY8_SYNC_SCHEDULE=off IGNY8_THROTTLE_INTEGRATION=off IGNY8_LOG_FORMAT=pretty "$binary" "$@"
}

# The site is told the service's address, so its port is chosen once: below those of outgoing connections, and
# another one where somebody else has it.
start_service() {
  local try
  for ((try = 0; try < 10; try++)); do
    port=$((RANDOM % 10000 + 10000)) service=http://127.0.0.1:$port
    if start_service_again; then return; fi
  done
  fails "the service does not start: $(tail -n 3 "$dir/service.log")"
}

# Detached from the terminal: Ctrl-C is for the demo, which ends the service when it is done with it.
start_service_again() {
  rm -f "$dir/ready"
  (igny8 serve --ready-file "$dir/ready") >>"$dir/service.log" 2>&1 </dev/null &
  echo $! >"$dir/service.pid"
  disown
  until [ -s "$dir/ready" ]; do
    # Our own child, which may not have become the service yet.
    kill -0 "$(cat "$dir/service.pid")" 2>/dev/null || return 1
    sleep 0.02
  done
}

# A process id may have been taken by another since: only one whose command line names this folder is the service.
service_alive() {
  local pid
  pid=$(cat "$dir/service.pid" 2>/dev/null) && tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF "$dir"
}

# end_service [SIGNAL]: and waits until it is gone.
end_service() {
  service_alive || return 0
  kill "-${1:-TERM}" "$(cat "$dir/service.pid")" 2>/dev/null || true
  while service_alive; do sleep 0.02; done
}

tell_trouble() {
  say "ended in step $number ($title); what the service and the site's PHP complained of:"
  { grep -hE ' (WARN|ERROR) ' "$dir/service.log"; cat "$dir/wordpress/run/php-errors.log"; } 2>/dev/null | grep -v 'WordPress.org\|keys: generated' | tail -n 10 >&2 || true
}

end() {
  local status=${1:-$?}
  trap '' INT TERM HUP
  trap - EXIT
  set +e    # whatever fails, the rest is cleaned up all the same
  [ -n "$dir" ] || exit "$status"
  if [ $status = 0 ] && [ $finished = 0 ]; then status=130; fi    # a signal
  [ $status = 0 ] || [ -z "$title" ] || tell_trouble
  end_service
  if [ $keep = 1 ]; then
    "${as_root[@]}" "$here/wordpress" down --dir "$dir/wordpress"
    say "kept $dir"
  else
    "${as_root[@]}" "$here/wordpress" down --dir "$dir/wordpress" --delete
    rm -rf "$dir"
  fi
  exit "$status"
}

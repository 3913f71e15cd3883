# shellcheck shell=bash
# The pair: a WordPress from scripts/wordpress, and the service on a database of its own. All that is theirs lies in
# one folder, and processes are ended by the id that was noted when they were started. Both run apart from the
# terminal, and are ended in order.

# The site needs root; the service does not. Sudo stays with the terminal, where it may ask for a password.
as_root=() apart=(setsid)
[ "$(id -u)" = 0 ] || { as_root=(sudo); apart=(); }

# Children that `end` has to end: a process id, or "new" until it is known.
building='' coming_up='' service_pid=''

prepare() {
  self=$BASHPID
  [ -n "$binary" ] || command -v cargo >/dev/null || die "no cargo: install the Rust toolchain first (https://rustup.rs)"
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || die "run it as root, or install sudo: it installs packages, and runs the site's servers as users of their own"
  "${as_root[@]}" "$here/install-test-tools" --demo
  if [ -z "$binary" ]; then build; fi
  make_folder
  umask 077
}

# Named before it is made: mktemp tells the name a moment after, and a signal in between would leave the folder behind.
make_folder() {
  dir=${TMPDIR:-/tmp}/igny8-demo.$(od -An -N4 -tx1 /dev/urandom | tr -d ' \n')
  # The web server's user goes through it to the site.
  mkdir -m 711 "$dir" || { dir=''; exit 1; }
}

build() {
  say "building the service; the first time takes a few minutes"
  building=new
  (cd "$root" && exec setsid cargo build --locked) &
  building=$!
  wait "$building"
  binary=$(cd "$root" && cargo metadata --locked --no-deps --format-version 1 | jq -r .target_directory)/debug/igny8-integration
}

# With the compilers that it has started.
end_build() {
  [ "$building" != new ] || building=${!:-}
  ! is_child "$building" || kill -TERM -- "-$building" 2>/dev/null || kill -TERM "$building"
}

bring_up_site() {
  local status=0
  coming_up=new
  (umask 022 && exec "${apart[@]}" "${as_root[@]}" "$here/wordpress" up --dir "$dir/wordpress" --cron) >"$dir/site.json" &
  coming_up=$!
  wait "$coming_up" || status=$?    # a command that is not waited for so would hold up a signal, or outlive it
  [ $status -lt 128 ] || exit $status
  [ $status = 0 ] || fails "the site does not come up"
  site=$(site_json .url)
  settings_page="$site/wp-admin/options-general.php?page=igny8-bridge"
}

site_json() { jq -r ".sites[0]$1" "$dir/site.json"; }

# in_site PHP: runs it in the site, as its administrator; prints what it returns, as JSON.
in_site() { wordpress eval --dir "$dir/wordpress" "$1"; }

# igny8 ARGUMENT...: the binary, with the demo's settings and nobody else's. A run of a node that was killed is taken
# over within its lease, and the demo does not want to wait for half a minute.
igny8() {
  cd "$dir" && exec setsid env -i PATH="$PATH" IGNY8_BIND="127.0.0.1:$port" IGNY8_DATA_DIR="$dir/data" IGNY8_OUTBOUND_ALLOW=127.0.0.1/32 \
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

# The file is for a person who has to clear up after a demo that was killed.
start_service_again() {
  rm -f "$dir/ready"
  service_pid=new
  (echo "$BASHPID" >"$dir/service.pid" && igny8 serve --ready-file "$dir/ready") >>"$dir/service.log" 2>&1 </dev/null &
  service_pid=$!
  disown
  until [ -s "$dir/ready" ]; do
    is_child "$service_pid" || return 1
    sleep 0.02
  done
}

# A process id may have been taken by another since. A child of this shell has it until it is gone altogether, with
# its locks and its port.
is_child() { grep -qsx "PPid:.$self" "/proc/$1/status"; }

# gone_within SECONDS PID
gone_within() {
  local until=$((SECONDS + $1))
  while is_child "$2"; do
    [ $SECONDS -lt $until ] || return 1
    sleep 0.02
  done
}

# end_service [SIGNAL]: and waits until it is gone. It gives its requests 25 seconds.
end_service() {
  [ "$service_pid" != new ] || service_pid=${!:-}
  is_child "$service_pid" || return 0
  kill "-${1:-TERM}" "$service_pid" 2>/dev/null || true
  gone_within 30 "$service_pid" || { kill -KILL "$service_pid"; gone_within 10 "$service_pid"; }
}

# end_site [--delete]
end_site() {
  local until=$((SECONDS + 150))
  [ "$coming_up" != new ] || coming_up=${!:-}
  # It may still be coming up, and not have begun to note that it can be ended.
  while is_child "$coming_up" && [ $SECONDS -lt $until ]; do
    wordpress down --dir "$dir/wordpress" 2>/dev/null
    sleep 0.05
  done
  [ ! -d "$dir/wordpress" ] || wordpress down --dir "$dir/wordpress" "$@"
}

wordpress() { "${as_root[@]}" "$here/wordpress" "$@"; }

tell_trouble() {
  local complaints
  say "ended in step $number ($title)"
  complaints=$({ grep -hE ' (WARN|ERROR) ' "$dir/service.log"; cat "$dir/wordpress/run/php-errors.log"; } 2>/dev/null | grep -v 'WordPress.org\|keys: generated' | tail -n 10)
  [ -z "$complaints" ] || printf 'The service and the site say:\n%s\n' "$complaints" >&2
}

end() {
  local status=${1:-$?}
  trap '' INT TERM HUP
  trap - EXIT
  set +e    # whatever fails, the rest is cleaned up all the same
  end_build
  [ -n "$dir" ] || exit "$status"
  if [ $status = 0 ] && [ $finished = 0 ]; then status=130; fi    # a signal
  [ $status = 0 ] || [ -z "$title" ] || tell_trouble
  end_service
  if [ $keep = 1 ]; then
    end_site && say "kept $dir"
  else
    end_site --delete && rm -rf "$dir"
  fi || say "could not clear up: as root, run $here/wordpress down --dir $dir/wordpress --delete, then remove $dir"
  exit "$status"
}

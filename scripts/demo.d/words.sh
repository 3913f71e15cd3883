# shellcheck shell=bash
# What the demo says: two lines for each step, the second one to look for oneself.

say() { printf 'demo: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

number=0 title='' began=''

# step TITLE: a step begins; its clock runs until it has shown something.
step() { number=$((number + 1)); title=$1; began=$EPOCHREALTIME; }

# shown SENTENCE LOOK: what was seen, and the address or line to see it by.
shown() {
  local took
  took=$(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
  printf '%2d. %s: %s (%s s)\n    %s\n' "$number" "$title" "$1" "$took" "$2"
  title=''
}

# expect WHAT WANTED SEEN: the step ends the demo where the two differ.
expect() { [ "$2" = "$3" ] || fails "$1 should be '$2' and is '$3'"; }

fails() { die "step $number does not show what it says ($title): $*"; }

# await SECONDS WHAT COMMAND...: until the command succeeds.
await() {
  local until=$((SECONDS + $1)) what=$2; shift 2
  until "$@"; do
    [ $SECONDS -lt $until ] || fails "$what"
    sleep 0.05
  done
}

say_where_everything_is() {
  cat <<E

Both go on running until Ctrl-C.
  the site           $site/
  to edit it         $site/wp-admin/    sign in as igny8_editor, $(site_json .editor.password)
  its settings page  $settings_page    sign in as admin, $(site_json .admin.password)
  the service        $service/api/v1/integration/docs/, its log is $dir/service.log
  in a shell         . $dir/env    sets what the README's examples of the API use
What you change on the site arrives by itself. What you change in igny8 waits for the next run, which this starts:
  $look/integrations/$integration/sync/ -H 'Prefer: wait=30' --json '{}'
E
}

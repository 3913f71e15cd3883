# shellcheck shell=bash
# Who calls what: igny8's owner the service's API, an editor the site's, an administrator the pages of wp-admin.
# Credentials stand in files that curl reads (-K), so that no list of processes shows them.

introduce_editor() { site_json '.editor | "user = \"\(.user):\(.application_password)\""' >"$dir/editor"; }

# introduce_owner TOKEN: "look" is how to ask the service by hand.
introduce_owner() {
  printf 'header = "Authorization: Bearer %s"\n' "$1" >"$dir/owner"
  base=$service/api/v1/integration
  look="curl -sK $dir/owner $base"
}

# What the README's examples need in a shell.
write_env() {
  printf '%s=%q\n' API "$base" OWNER "$dir/owner" INTEGRATION "$integration" SITE "$site" SITE_ID "$site_id" \
    API_KEY "$api_key" WP_EDITOR "$dir/editor" >"$dir/env"
}

# api METHOD PATH [BODY] [OPTION...]: prints what the service answers, and fails with its words where it refuses.
api() {
  local method=$1 path=$2 body=${3:-}; shift $(($# < 3 ? $# : 3))
  [ -z "$body" ] || set -- "$@" -H 'Content-Type: application/json' --data-binary "$body"
  curl -sS -K "$dir/owner" --fail-with-body -X "$method" "$@" "$base/$path"
}

# field PATH FILTER: one field of what the service answers.
field() { api GET "$1" | jq -r "$2"; }

# sync DIRECTION: a run, to its end.
sync() { api POST "integrations/$integration/sync/" "$(jq -n --arg d "$1" '{direction: $d}')" -H 'Prefer: wait=30'; }

# on_site METHOD ROUTE [NAME=VALUE...]: prints what the site's REST API answers to its editor.
on_site() {
  local method=$1 route=$2 fields=() pair; shift 2
  for pair in "$@"; do fields+=(--data-urlencode "$pair"); done
  curl -sS -K "$dir/editor" --fail-with-body -X "$method" "${fields[@]}" "$site/wp-json/wp/v2/$route"
}

# sees ADDRESS TEXT: a visitor of the site's page finds the text there.
sees() { [[ $(curl -sS "$1") == *"$2"* ]] || fails "the site does not show $2 at $1"; }

# kind_of ADDRESS: what is there.
kind_of() { curl -sS -o /dev/null -w '%{http_code} %{content_type}' "$1"; }

# address_of PICTURE
address_of() { on_site GET "media?search=$1" | jq -r '.[0].source_url'; }

# parents_of CATEGORY: its slug and those that it lies in.
parents_of() {
  on_site GET 'categories?per_page=100' | jq -r --arg slug "$1" '(map({key: "\(.id)", value: .}) | from_entries) as $all
    | first(.[] | select(.slug == $slug)) | [recurse($all["\(.parent)"] // empty) | .slug] | join(" < ")'
}

# An administrator's browser: keeps its cookies, follows redirects.
browse() { curl -sS --fail -L -b "$dir/cookies" -c "$dir/cookies" "$@"; }

sign_in() {
  browse -o /dev/null "$site/wp-login.php"
  site_json '.admin | "data-urlencode = \"log=\(.user)\"\ndata-urlencode = \"pwd=\(.password)\""' \
    | browse -o /dev/null "$site/wp-login.php" -K - -d testcookie=1
}

# send_form ACTION NAME=VALUE...: fills in the form of the settings page that is sent there, and sends it; prints the
# page that comes of it. form.php says what else may be given for a field.
send_form() {
  local action=$1; shift
  browse "$settings_page" | php -d display_errors=stderr "$here/demo.d/form.php" "$action" "$@" >"$dir/form"
  browse "$site/wp-admin/$action" --data-binary "@$dir/form"
}

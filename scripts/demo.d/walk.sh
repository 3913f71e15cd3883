# shellcheck shell=bash
# The walk: what a customer, a writer and an operator would do, and what each of them sees then.

a_site_with_sample_posts() {
  step "Bring up WordPress"
  bring_up_site
  # As text, without its first line: the site's user may not reach the checkout, as in root's own home.
  counts=$(in_site "$(tail -n +2 "$here/demo.d/posts.php")")
  expect "posts, pages and books" "36 12 12" "$(jq -r '"\(.post) \(.page) \(.book)"' <<<"$counts")"
  introduce_editor
  expect "where a category lies" "cider < apples < orchard" "$(parents_of cider)"
  expect "the pictures" 4 "$(on_site GET 'media?per_page=100' | jq length)"
  expect "a picture" "200 image/png" "$(kind_of "$(address_of orchard-morning)")"
  sees "$site/pruning-apple-trees-in-late-winter/" "src=\"$(address_of orchard-morning)\" alt=\"The orchard, that day\""
  shown "WordPress $(site_json .wordpress_version) with the bridge plugin, 36 posts, 12 pages and 12 books in many scripts, with pictures, tags and nested categories" "$site/"
}

a_service_beside_it() {
  local made
  step "Start the service"
  start_service
  made=$(igny8_says bootstrap --account Orchard --email owner@example.com --site-url "$site")
  api_key=$(jq -r .api_key <<<"$made") site_id=$(jq -r .site_id <<<"$made")
  token=$(igny8_says token issue --user "$(jq -r .user_id <<<"$made")" --ttl 24h | jq -r .token)
  introduce_owner "$token"
  expect "its readiness" 200 "$(curl -s -o /dev/null -w '%{http_code}' "$service/readyz")"
  shown "one process on SQLite, with an account, its owner and a site that nothing is connected to yet" "$base/docs/"
}

connected_by_the_settings_page() {
  local page
  step "Connect"
  sign_in
  API_KEY=$api_key send_form options.php "igny8_bridge_service_url=$service" "igny8_bridge_site_id=$site_id" \
    igny8_bridge_api_key@API_KEY igny8_bridge_user~igny8_editor >/dev/null
  page=$(send_form admin-post.php)
  grep -q '<strong>Connected.</strong>' <<<"$page" || fails "the settings page does not say Connected"
  expect "checks that passed" "9 of 9" "$(count '✓ OK' "$page") of $(count '✓ OK\|✗ Failed' "$page")"
  integration=$(field integrations/ '.results[0].id')
  write_env
  shown "filled in Settings > IGNY8 and pressed its button; the service called back and all 9 checks passed" "$settings_page"
}

everything_is_pulled() {
  local run contents name text
  step "Pull everything"
  run=$(sync from_external)
  expect "the run" "succeeded 60 0" "$(jq -r '"\(.status) \(.progress.created) \(.progress.failed)"' <<<"$run")"
  expect "the contents" 60 "$(field 'content/?page_size=1' .count)"
  contents=$(api GET 'content/?page_size=100')
  for name in 'りんごの花が咲くころ' 'تقليم أشجار التفاح' 'R&D in a garden shed' '🍎 A year in one picture a week'; do
    expect "contents called $name" 1 "$(jq --arg t "$name" '[.results[] | select(.title == $t)] | length' <<<"$contents")"
  done
  expect "the scheduled one" approved "$(jq -r '.results[] | select(.external_status == "future") | .status' <<<"$contents")"
  expect "the private one" published "$(jq -r '.results[] | select(.external_status == "private") | .status' <<<"$contents")"
  expect "those with a featured picture, and the pictures" "12 4" \
    "$(jq -r '[.results[].featured_image_url | strings] | "\(length) \(unique | length)"' <<<"$contents")"
  choose 'Ten cider apples worth planting'
  expect "its nested category" "Cider & perry" "$(terms category)"
  choose 'Pruning apple trees in late winter'
  expect "its category" Apples "$(terms category)"
  expect "its tags" "pruning, winter" "$(terms post_tag)"
  expect "its featured picture" "$(address_of orchard-morning)" "$(jq -r .featured_image_url <<<"$chosen")"
  text=$(field "content/$content/" .html)
  expect "its text" "$(on_site GET "posts/$post?context=edit" | jq -r .content.raw)" "$text"
  [[ $text == *"<img src=\"$(address_of orchard-morning)\""* ]] || fails "the picture is not in the text: $text"
  shown "60 of 60 are in igny8, the scheduled and the private one too: titles and texts to the letter, pictures, nested categories, tags" "$look/content/"
}

an_article_written_in_igny8_is_on_the_site() {
  local id categories
  step "Write in igny8"
  categories=$(on_site GET 'categories?per_page=100' | jq length)
  id=$(api POST content/ "$(jq -n --argjson site "$site_id" --arg picture "$(address_of orchard-winter)" '{site_id: $site, status: "published",
    title: "Storing apples until May", html: "<p>Wrap each one in paper, and never store a bruised one.</p><p><img src=\"\($picture)\" alt=\"Snow\"></p>",
    terms: [{taxonomy: "category", name: "Cider & perry"}, {taxonomy: "category", name: "Storing"},
            {taxonomy: "post_tag", name: "winter"}, {taxonomy: "post_tag", name: "cellar"}]}')" | jq .id)
  expect "the run" "succeeded 1" "$(sync to_external | jq -r '"\(.status) \(.progress.created)"')"
  url=$(field "content/$id/" .external_url)
  for name in 'Storing apples until May' "src=\"$(address_of orchard-winter)\" alt=\"Snow\"" /category/orchard/apples/cider/ /category/storing/ /tag/winter/ /tag/cellar/; do
    sees "$url" "$name"
  done
  expect "the site's categories, where none was missing," "$categories" "$(on_site GET 'categories?per_page=100' | jq length)"
  shown "“Storing apples until May” is on the site with its picture, in both its categories, a nested one too, and with both its tags" "$url"
}

an_edit_in_igny8_is_on_the_site() {
  step "Edit in igny8"
  choose 'How to read a pear tree'
  api PATCH "content/$content/" '{"title": "How to read a pear tree in ten minutes"}' >/dev/null
  expect "the run" "succeeded 1" "$(sync to_external | jq -r '"\(.status) \(.progress.updated)"')"
  sees "$url" 'How to read a pear tree in ten minutes'
  shown "the site shows the new title “How to read a pear tree in ten minutes”" "$url"
}

an_edit_on_the_site_arrives_by_webhook() {
  local runs
  step "Edit on the site"
  choose 'Mulch: how much is enough?'
  runs=$(number_of_runs)
  on_site POST "posts/$post" 'title=Mulch: two hands deep' >/dev/null
  await 10 "igny8 does not have the new title" has_title "$content" 'Mulch: two hands deep'
  expect "runs that were needed" 0 $(($(number_of_runs) - runs))
  shown "the plugin's webhook brought “Mulch: two hands deep” to igny8, and no run was needed" "$look/content/$content/"
}

an_edit_on_both_sides_is_a_conflict_with_both_texts() {
  step "Edit both sides"
  choose 'The July drop'
  api PATCH "content/$content/" '{"title": "The July drop, explained"}' >/dev/null
  on_site POST "posts/$post" 'title=What falls in July' >/dev/null
  await 10 "it is no conflict" in_state "$content" conflict
  expect "both texts" 'The July drop, explained / What falls in July' "$(field "content/$content/" '.conflict.title | "\(.local) / \(.external)"')"
  local run
  run=$(sync both)
  expect "the run, which leaves it alone," succeeded "$(jq -r .status <<<"$run")"
  expect "both texts after it" 'The July drop, explained / What falls in July' \
    "$(field "content/$content/" .title) / $(on_site GET "posts/$post?context=edit" | jq -r .title.raw)"
  shown "a conflict that keeps “The July drop, explained” (igny8) and “What falls in July” (site); neither was overwritten" \
    "$look/integrations/$integration/events/?action=conflict | jq .results"
}

the_conflict_is_settled() {
  step "Settle it"
  api POST "content/$content/resolve/" '{"keep": "local"}' >/dev/null
  expect "the run" succeeded "$(sync both | jq -r .status)"
  expect "the content" 'in_sync The July drop, explained' "$(field "content/$content/" '"\(.sync_state) \(.title)"')"
  sees "$url" 'The July drop, explained'
  shown "kept igny8's text, and after a run the site shows it" "$url"
}

what_was_edited_while_the_service_was_down_arrives() {
  step "Stop, edit, start"
  choose 'Three ladders compared'
  end_service
  on_site POST "posts/$post" 'title=Four ladders compared' >/dev/null
  await 10 "the settings page does not say that a change waits" settings_page_says 'waits to be sent'
  start_service_again || fails "the service did not start again: $(tail -n 3 "$dir/service.log")"
  # The plugin tries again after five seconds, whenever anybody looks at the site.
  await 20 "the edit did not arrive" visited_until_title "$content" 'Four ladders compared'
  shown "the plugin kept “Four ladders compared” while the service was down, and sent it with the next visit to the site" \
    "$look/content/$content/"
}

a_run_killed_in_the_middle_ends_by_itself() {
  local n run done
  step "Kill it in the middle"
  for ((n = 1; n <= 16; n++)); do
    api POST content/ "$(jq -n --argjson site "$site_id" --arg title "Field note $n" \
      '{site_id: $site, status: "published", title: $title, html: "<p>Written in one go.</p>"}')" >/dev/null
  done
  run=$(api POST "integrations/$integration/sync/" '{"direction": "to_external"}' | jq .id)
  await 20 "the run does not begin" has_done "$run" 3
  end_service KILL
  start_service_again || fails "the service did not start again: $(tail -n 3 "$dir/service.log")"
  done=$(field "integrations/$integration/runs/$run/" 'if .finished_at then "all" else .progress.done end')
  [ "$done" != all ] || fails "the run had ended before it was killed"
  await 30 "the run does not end" has_ended "$run"
  expect "the run" "succeeded 16" "$(field "integrations/$integration/runs/$run/" '"\(.status) \(.progress.created)"')"
  expect "field notes on the site, and different ones" "16 16" \
    "$(on_site GET 'posts?search=Field+note&per_page=100&_fields=title' | jq -r 'map(.title.rendered) | "\(length) \(unique | length)"')"
  shown "kill -9 when $done of 16 articles were out; started again, the run ended by itself with 16 on the site and none twice" \
    "$look/integrations/$integration/runs/$run/"
}

# choose TITLE: the content of that title, its post and its address on the site.
choose() {
  chosen=$(api GET content/ '' -G --data-urlencode "search=$1" | jq '.results[0]')
  expect "the content found" "$1" "$(jq -r .title <<<"$chosen")"
  content=$(jq -r .id <<<"$chosen") post=$(jq -r .external_id <<<"$chosen") url=$(jq -r .external_url <<<"$chosen")
}

# terms TAXONOMY: the names of those that the chosen content has.
terms() { jq -r --arg t "$1" '[.terms[] | select(.taxonomy == $t) | .name] | sort | join(", ")' <<<"$chosen"; }

count() { { grep -o "$1" <<<"$2" || true; } | wc -l; }
igny8_says() { (igny8 "$@" --json); }
number_of_runs() { field "integrations/$integration/runs/" '.results | length'; }
has_title() { [ "$(field "content/$1/" .title)" = "$2" ]; }
in_state() { [ "$(field "content/$1/" .sync_state)" = "$2" ]; }
has_done() { [ "$(field "integrations/$integration/runs/$1/" .progress.done)" -ge "$2" ]; }
has_ended() { [ "$(field "integrations/$integration/runs/$1/" .finished_at)" != null ]; }
settings_page_says() { [[ $(browse "$settings_page") == *"$1"* ]]; }
visited_until_title() { curl -sS -o /dev/null "$site/"; has_title "$1" "$2"; }

# shellcheck shell=bash
# A headless Chromium, driven over WebDriver: https://www.w3.org/TR/webdriver2/

# open_chromium: starts both on a free port; $chromium is the session's address from then on.
open_chromium() {
  local options
  mkdir -p "$dir/chromium"
  (cd "$dir/chromium" && HOME=$dir/chromium exec chromedriver --port=0 --log-path="$dir/chromium/log") >"$dir/chromium/said" 2>&1 </dev/null &
  chromedriver=$!
  disown
  await 10 "chromedriver does not start: $(cat "$dir/chromium/said")" grep -q 'successfully on port' "$dir/chromium/said"
  chromium=http://127.0.0.1:$(grep -o 'successfully on port [0-9]*' "$dir/chromium/said" | grep -o '[0-9]*')
  options='{"args": ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-dev-shm-usage",
    "--hide-scrollbars", "--lang=en"]}'
  chromium=$chromium/session/$(webdriver POST .. "$(jq -n --argjson o "$options" '{capabilities: {alwaysMatch: {browserName: "chrome", "goog:chromeOptions": $o}}}')" | jq -r .sessionId)
}

close_chromium() {
  is_child "${chromedriver:-}" || return 0
  curl -sS -o /dev/null -X DELETE "$chromium" || true
  kill "$chromedriver" 2>/dev/null || true
  gone_within 10 "$chromedriver" || kill -KILL "$chromedriver" || true
}

# webdriver METHOD COMMAND [BODY]: prints the value that comes back, or fails with the browser's words.
webdriver() {
  local address=$chromium/$2 answer
  [ "$2" != .. ] || address=$chromium/session
  # What is typed into a form may be a password, so it goes by standard input.
  answer=$(curl -sS -X "$1" -H 'Content-Type: application/json' ${3:+--data-binary @-} "$address" <<<"${3:-}") || return 1
  if jq -e '.value.error?' >/dev/null <<<"$answer"; then
    say "chromium: $(jq -r '.value.message | split("\n")[0]' <<<"$answer")"
    return 1
  fi
  jq .value <<<"$answer"
}

cdp() { webdriver POST goog/cdp/execute "$(jq -n --arg c "$1" --argjson p "$2" '{cmd: $c, params: $p}')"; }

# width PIXELS: of the window's inside.
width() {
  cdp Emulation.setDeviceMetricsOverride "$(jq -n --argjson w "$1" '{width: $w, height: 900, deviceScaleFactor: 1, mobile: ($w < 500)}')" >/dev/null
}

go() { webdriver POST url "$(jq -n --arg u "$1" '{url: $u}')" >/dev/null; }

# script JAVASCRIPT: prints what it returns.
script() { webdriver POST execute/sync "$(jq -n --arg s "$1" '{script: $s, args: []}')"; }

element() { webdriver POST element "$(jq -n --arg c "$1" '{using: "css selector", value: $c}')" | jq -r '.[]'; }

# fill SELECTOR TEXT: as somebody types it.
fill() {
  local at
  at=$(element "$1")
  webdriver POST "element/$at/clear" '{}' >/dev/null
  webdriver POST "element/$at/value" "$(jq -Rs '{text: rtrimstr("\n")}' <<<"$2")" >/dev/null
}

press() { webdriver POST "element/$(element "$1")/click" '{}' >/dev/null; }

# picture FILE: the plugin's page, without what WordPress puts around it, in few colours.
picture() {
  local box
  script 'scrollTo(0, 0);' >/dev/null    # or WordPress's bar lies across the page
  box=$(script "const page = document.querySelector('.wrap').getBoundingClientRect();
    return { x: Math.max(0, page.left + scrollX - 20), y: Math.max(0, page.top + scrollY - 10),
             width: Math.min(innerWidth, page.width + 40), height: page.height + 30, scale: 1 };")
  cdp Page.captureScreenshot "$(jq -n --argjson clip "$box" '{format: "png", captureBeyondViewport: true, clip: $clip}')" \
    | jq -r .data | base64 -d | pngquant --speed 1 32 - >"$1"
}

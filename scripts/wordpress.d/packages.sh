# shellcheck shell=bash
# What a site is made of: the machine's own packages, and WordPress's core unpacked beside them.

install_packages() {
  local wanted missing=() p log
  wanted=(php-fpm php-cli php-curl php-xml php-gd php-mbstring php-zip php-mysql
          nginx-light mariadb-server-core mariadb-client-core curl ca-certificates)
  for p in "${wanted[@]}"; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  mkdir -p "$cache"; log=$cache/apt.log
  say "installing ${missing[*]}"
  (
    flock 8    # apt takes one at a time
    apt-get -q update
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -q --no-install-recommends "${missing[@]}"
  ) 8>"$cache/apt.lock" >"$log" 2>&1 </dev/null || { tail -n 20 "$log" >&2; die "could not install packages"; }
}

# core_of SUITE: where that suite's WordPress lies once it is unpacked
core_of() { printf '%s/wordpress-%s/usr/share/wordpress' "$cache" "$1"; }

# Unpacked, not installed: any suite's WordPress runs beside the machine's own packages.
unpack_core() {
  local suite=$1 base=$cache/wordpress-$1 log=$cache/wordpress-$1.log
  [ ! -f "$base/.done" ] || return 0
  mkdir -p "$cache"
  (
    flock 8
    [ ! -f "$base/.done" ] || exit 0
    say "fetching WordPress from Debian's $suite"
    fetch_core "$suite" "$base.new" >"$log" 2>&1 </dev/null || { tail -n 20 "$log" >&2; exit 1; }
    rm -rf "$base"; mv "$base.new" "$base"
  ) 8>"$base.lock" || die "could not unpack WordPress of $suite"
}

# A machine may use other archives besides Debian's. Where apt has no lists yet, it can't tell whose is whose.
debian_mirrors() {
  local known
  known=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian')
  [ -z "$known" ] || { printf '%s\n' "$known"; return; }
  apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -i debian
}

fetch_core() {
  set -e
  local suite=$1 base=$2 apt=$2/apt mirror options theme needs core=$2/usr/share/wordpress
  rm -rf "$base"; mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/debs"
  # The mirror that this machine uses already, asked for another suite.
  mirror=$(debian_mirrors | grep -v security | sort -u | head -n 1)
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$apt/sources.list"
  options=(-q -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$apt/lists"
           -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User=root -o Acquire::Languages=none
           -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false)
  apt-get "${options[@]}" update
  theme=wordpress-theme-twentytwentyfive; [ "$suite" != bookworm ] || theme=wordpress-theme-twentytwentythree
  cd "$apt/debs"
  apt-get "${options[@]}" download wordpress "$theme"
  # PHP and JavaScript libraries that Debian links into the core instead of shipping them twice
  needs=$(dpkg-deb -f wordpress_*.deb Depends | tr ',|' '\n\n' | awk '{print $1}' | grep -E '^(php-getid3|libphp-|libjs-)' | sort -u)
  # shellcheck disable=SC2086
  apt-get "${options[@]}" download $needs
  for deb in *.deb; do dpkg-deb -x "$deb" "$base"; done
  ls -- *.deb >"$base/.done"
  cd "$base"; rm -rf "$apt"
  # One core for many sites: which one is asked comes from the web server, never from a request header (HTTP_*).
  rm -f "$core/wp-config.php"
  cat >"$core/wp-config.php" <<'PHP'
<?php
require $_SERVER['IGNY8_TEST_SITE'] . '/wp-config.php';
defined( 'ABSPATH' ) || define( 'ABSPATH', __DIR__ . '/' );
require_once ABSPATH . 'wp-settings.php';
PHP
}

# shellcheck shell=bash
# The sites themselves: each with its own database, users, keys and wp-content.

bring_up() {
  step=packages
  install_packages
  unpack_core "$wp"
  mkdir -p "$dir/run/tmp" "$dir/sites"
  [ ${#dir} -lt 90 ] || die "$dir is too long a path for a unix socket"
  choose_server_user
  share_scripts
  chown "$server_user" "$dir/run"
  [ -f "$dir/options" ] || write_options
  start_mariadb
  start_nginx
  start_php
  make_sites
  await_sites
}

# Not root where it can be helped; a folder that only root can enter leaves no choice.
choose_server_user() {
  server_user=www-data
  if ! runuser -u www-data -- test -x "$dir/sites" -a -r "$(core_of "$wp")/wp-load.php" 2>/dev/null; then server_user=root; fi
}

# The checkout may be where only root can look, as in root's own home.
share_scripts() {
  ! runuser -u "$server_user" -- test -r "$php_files/install.php" 2>/dev/null || return 0
  install -d -m 755 "$dir/php"; install -m 644 "$php_files"/*.php "$dir/php/"
}

write_options() {
  local name
  for name in sites networks posts pages books wp permalinks tz with_plugin workers cron strip server_user; do
    printf '%s=%q\n' "$name" "${!name}"
  done >"$dir/options"
}

# site_php SITE SCRIPT ARGUMENT...: runs a script of ours as the site's own user, with its configuration. The core is
# compiled once for all sites, which halves the time; what is the site's own is not kept beyond it.
site_php() {
  local site=$1 script=$php_files/$2 compiled=$cache/compiled-$server_user
  [ ! -d "$dir/php" ] || script=$dir/php/$2
  shift 2
  [ -d "$compiled" ] || install -d -o "$server_user" -m 700 "$compiled"
  [ -f "$dir/run/not-compiled" ] || echo "$dir/" >"$dir/run/not-compiled"
  setpriv --reuid "$server_user" --regid "$server_user" --init-groups env IGNY8_TEST_SITE="$dir/sites/$site" IGNY8_TEST_CORE="$(core_of "$wp")" \
    php -d memory_limit=512M -d display_errors=stderr -d error_log= -d opcache.enable_cli=1 -d opcache.file_cache_only=1 \
    -d opcache.file_cache="$compiled" -d opcache.blacklist_filename="$dir/run/not-compiled" "$script" "$@"
}

make_sites() {
  local k=0 port pid ok=1
  step="installing sites"
  while read -r port; do
    k=$((k + 1))
    [ ! -f "$dir/sites/s$k/site.json" ] || continue
    set -m    # a process group of its own, to be ended with all that is in it
    make_site "s$k" "$port" & makers+=($!)
    set +m
  done <"$dir/ports"
  for pid in "${makers[@]}"; do wait "$pid" || ok=0; done
  [ $ok = 1 ]
}

make_site() {
  local site=$1 port=$2 base=$dir/sites/$1 themes
  set -e
  rm -rf "$base"; mkdir -p "$base/wp-content/plugins" "$base/wp-content/mu-plugins" "$base/wp-content/uploads"
  themes=$cache/wordpress-$wp/usr/share/wordpress/wp-content/themes
  [ -n "$(ls "$themes" 2>/dev/null)" ] || themes=$cache/wordpress-$wp/var/lib/wordpress/wp-content/themes
  ln -s "$themes" "$base/wp-content/themes"
  cp "${mu_plugins[@]}" "$base/wp-content/mu-plugins/"
  if [ "$with_plugin" = 1 ]; then cp -r "$plugin" "$base/wp-content/plugins/"; fi
  write_site_config "$site" "$port" >"$base/wp-config.php"
  chown -R "$server_user:" "$base"; chmod 640 "$base/wp-config.php"
  # Whoever asked for the sites may remove them at once when they fail: what went wrong is said here.
  site_php "$site" install.php "$site" "$port" "$posts" "$pages" "$books" "$permalinks" "$tz" "$with_plugin" \
    >"$base/site.json.new" || { cat "$base/site.json.new" >&2; exit 1; }
  if is_network "${site#s}"; then
    site_php "$site" network.php
    site_php "$site" network.php
  fi
  mv "$base/site.json.new" "$base/site.json"
}

# is_network K: whether the Kth site is the first of a network
is_network() { [ "$1" -gt $((sites - networks)) ]; }

random_hex() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }

# Prints the site's wp-config.php, and makes the database that it names.
write_site_config() {
  local site=$1 port=$2 password name
  password=$(random_hex 16)
  sql <<<"DROP DATABASE IF EXISTS wp_$site; CREATE DATABASE wp_$site CHARACTER SET utf8mb4;
          CREATE OR REPLACE USER 'wp_$site'@'localhost' IDENTIFIED BY '$password'; GRANT ALL ON wp_$site.* TO 'wp_$site'@'localhost'"
  cat <<E
<?php
define( 'DB_NAME', 'wp_$site' );
define( 'DB_USER', 'wp_$site' );
define( 'DB_PASSWORD', '$password' );
define( 'DB_HOST', 'localhost:$dir/run/db.sock' );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'DB_COLLATE', '' );
\$table_prefix = 'wp_';
define( 'WP_HOME', 'http://127.0.0.1:$port' );
define( 'WP_SITEURL', 'http://127.0.0.1:$port' );
define( 'WP_CONTENT_DIR', __DIR__ . '/wp-content' );
define( 'WP_CONTENT_URL', 'http://127.0.0.1:$port/wp-content' );
define( 'WP_ENVIRONMENT_TYPE', 'local' ); // application passwords over plain http
define( 'WP_DEBUG', true );               // notices of the plugin end in run/php-errors.log, where the tests look
define( 'WP_DEBUG_DISPLAY', false );
define( 'WP_DEBUG_LOG', '$dir/run/php-errors.log' );
define( 'WP_HTTP_BLOCK_EXTERNAL', true ); // nothing leaves the machine
define( 'WP_ACCESSIBLE_HOSTS', '127.0.0.1,localhost' );
define( 'AUTOMATIC_UPDATER_DISABLED', true );
define( 'FS_METHOD', 'direct' );
E
  if [ "$cron" = 0 ]; then echo "define( 'DISABLE_WP_CRON', true );"; fi
  for name in AUTH_KEY SECURE_AUTH_KEY LOGGED_IN_KEY NONCE_KEY AUTH_SALT SECURE_AUTH_SALT LOGGED_IN_SALT NONCE_SALT; do
    echo "define( '$name', '$(random_hex 32)' );"
  done
}

await_sites() {
  local port i status
  while read -r port; do
    step="waiting for the site on port $port"
    for ((i = 0; i < 100; i++)); do
      status=$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/?rest_route=/wp/v2/posts&per_page=1&_fields=id" || true)
      [ "$status" != 200 ] || break
      sleep 0.05
    done
    [ "$status" = 200 ] || { say "the site on port $port answers $status"; tail -n 5 "$dir/run/php-errors.log" "$dir/run/nginx.log" >&2; return 1; }
  done <"$dir/ports"
}

print_sites() {
  php -r '
    $dir = $argv[1];
    $pids = array();
    foreach (array("mariadb", "php-fpm", "nginx") as $name) { $pids[$name] = (int) file_get_contents("$dir/run/$name.pid"); }
    $sites = array();
    for ($k = 1; $k <= (int) $argv[2]; $k++) { $sites[] = json_decode(file_get_contents("$dir/sites/s$k/site.json"), true); }
    echo json_encode(array("dir" => $dir, "pids" => $pids, "sites" => $sites), JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES), "\n";
  ' "$dir" "$sites"
}

# shellcheck shell=bash
# MariaDB on a unix socket, php-fpm on another, nginx on a free port for each site; ended by recorded pid alone.

# A pid may have been taken by another process since: only one whose command line names this folder is ours, or a child
# that is not yet what it is going to be.
server_alive() {
  local pid
  pid=$(cat "$dir/run/$1.pid" 2>/dev/null) && [ -n "$pid" ] || return
  tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF "$dir/" || grep -qsx "PPid:.$$" "/proc/$pid/status"
}

# await_pid SERVER: one that goes to the background may be there a moment before its note.
await_pid() {
  local i
  for ((i = 0; i < 40; i++)); do
    [ ! -s "$dir/run/$1.pid" ] || return 0
    sleep 0.05
  done
  return 1
}

servers_alive() { server_alive mariadb && server_alive php-fpm && server_alive nginx; }

end_servers() {
  local name pid i
  for name in nginx php-fpm mariadb; do
    if server_alive "$name"; then
      pid=$(cat "$dir/run/$name.pid")
      kill -TERM "$pid" 2>/dev/null || true
      for ((i = 0; i < 200; i++)); do
        # a zombie has ended, its parent is only late
        if [ ! -d "/proc/$pid" ] || grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null; then break; fi
        sleep 0.05
      done
      if server_alive "$name"; then kill -KILL "$pid" 2>/dev/null || true; fi
    fi
    rm -f "$dir/run/$name.pid"
  done
}

sql() { mariadb --no-defaults --socket="$dir/run/db.sock" --user=root "$@"; }

start_mariadb() {
  local i
  step=MariaDB
  # A server clears its temporary tables away when it starts, and in a shared folder those of every other one too.
  [ -d "$dir/run/db-tmp" ] || install -d -o "$server_user" -m 700 "$dir/run/db-tmp"
  if [ ! -f "$dir/mysql/.done" ]; then
    rm -rf "$dir/mysql"; install -d -o "$server_user" -m 700 "$dir/mysql"
    mariadb-install-db --no-defaults --user="$server_user" --datadir="$dir/mysql" --tmpdir="$dir/run/db-tmp" --auth-root-authentication-method=normal \
      --skip-test-db --skip-name-resolve --force --innodb-log-file-size=8M >"$dir/run/mariadb-install.log" 2>&1
    touch "$dir/mysql/.done"
  fi
  server_alive mariadb && return
  # Nothing here has to outlive a power cut, so nothing waits for the disk.
  setsid mariadbd --no-defaults --user="$server_user" --datadir="$dir/mysql" --tmpdir="$dir/run/db-tmp" --socket="$dir/run/db.sock" --skip-networking \
    --pid-file="$dir/mysql/pid" --log-error="$dir/run/mariadb.log" --innodb-log-file-size=8M --innodb-buffer-pool-size=64M \
    --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=OFF --max-connections=100 --performance-schema=OFF \
    >/dev/null 2>&1 </dev/null 9>&- &
  echo $! >"$dir/run/mariadb.pid"
  for ((i = 0; i < 400; i++)); do
    if sql -e 'select 1' >/dev/null 2>&1; then return; fi
    server_alive mariadb || break
    sleep 0.05
  done
  tail -n 5 "$dir/run/mariadb.log" >&2
  return 1
}

start_php() {
  local as_root=()
  step=php-fpm
  server_alive php-fpm && return
  [ "$server_user" != root ] || as_root=(-R)
  cat >"$dir/run/php-fpm.conf" <<E
[global]
pid = $dir/run/php-fpm.pid
error_log = $dir/run/php-fpm.log
daemonize = yes
[www]
user = $server_user
group = $server_user
listen = $dir/run/php.sock
listen.owner = $server_user
listen.group = $server_user
listen.backlog = 1024
pm = static
pm.max_children = $workers
catch_workers_output = yes
clear_env = yes
php_admin_value[memory_limit] = 256M
php_admin_value[upload_max_filesize] = 64M
php_admin_value[post_max_size] = 64M
php_admin_value[opcache.memory_consumption] = 128
php_admin_value[opcache.max_accelerated_files] = 10000
php_admin_value[opcache.revalidate_freq] = 0
php_admin_value[error_log] = $dir/run/php-errors.log
php_admin_flag[log_errors] = on
php_admin_flag[display_errors] = off
E
  touch "$dir/run/php-errors.log"; chown "$server_user" "$dir/run/php-errors.log"
  rm -f "$dir/run/php.sock"
  "$(compgen -c php-fpm | sort -rV | head -n 1)" "${as_root[@]}" -y "$dir/run/php-fpm.conf" >>"$dir/run/php-fpm.log" 2>&1 </dev/null 9>&-
}

# nginx takes the ports before a site is installed on them, so that a port lost to somebody else is noticed in time.
start_nginx() {
  local try
  step=nginx
  server_alive nginx && return
  for ((try = 0; try < 10; try++)); do
    [ -f "$dir/ports" ] || free_ports "$sites" >"$dir/ports"
    write_nginx_conf
    if nginx -e "$dir/run/nginx.log" -p "$dir/run" -c "$dir/run/nginx.conf" >>"$dir/run/nginx.log" 2>&1 </dev/null 9>&-; then
      await_pid nginx; return
    fi
    [ ! -f "$dir/sites/s1/site.json" ] || break    # addresses are stored in the database: they can't move any more
    rm -f "$dir/ports"
  done
  tail -n 5 "$dir/run/nginx.log" >&2
  return 1
}

# Below the range that outgoing connections take theirs from.
free_ports() {
  php -r '
    $held = array();
    while (count($held) < (int) $argv[1]) {
      $port = random_int(20000, 32000);
      $socket = @stream_socket_server("tcp://127.0.0.1:$port");
      if ($socket) { $held[$port] = $socket; }
    }
    echo implode("\n", array_keys($held)), "\n";' "$1"
}

write_nginx_conf() {
  local k=0 port core hidden=
  core=$(core_of "$wp")
  [ "$strip" = 0 ] || hidden='fastcgi_param HTTP_AUTHORIZATION "";'
  {
    cat <<E
user $server_user;
worker_processes 1;
pid $dir/run/nginx.pid;
error_log $dir/run/nginx.log;
events { worker_connections 1024; }
http {
  types { text/html html; text/css css; application/javascript js; image/png png; image/jpeg jpg jpeg; image/gif gif; image/webp webp; image/svg+xml svg; }
  default_type application/octet-stream;
  access_log off;
  client_max_body_size 64m;
  client_body_temp_path $dir/run/tmp/body; fastcgi_temp_path $dir/run/tmp/fastcgi; proxy_temp_path $dir/run/tmp/proxy;
  uwsgi_temp_path $dir/run/tmp/uwsgi; scgi_temp_path $dir/run/tmp/scgi;
  fastcgi_buffers 16 64k; fastcgi_buffer_size 64k;
E
    while read -r port; do
      k=$((k + 1))
      cat <<E
  server {
    listen 127.0.0.1:$port;
    root $core;
    index index.php;
    location /wp-content/ { root $dir/sites/s$k; location ~ \\.php\$ { return 403; } }
    $(is_network $k && echo 'if (!-e $request_filename) { rewrite ^/two(/wp-(admin|includes|content)/.*|/wp-[^/]*\.php)$ $1 last; }')
    location / { try_files \$uri \$uri/ /index.php?\$args; }
    location ~ \\.php\$ {
      try_files \$uri =404;
      fastcgi_pass unix:$dir/run/php.sock;
      fastcgi_read_timeout 120s;
      fastcgi_param IGNY8_TEST_SITE $dir/sites/s$k;
      fastcgi_param SCRIPT_FILENAME \$document_root\$fastcgi_script_name;
      fastcgi_param SCRIPT_NAME \$fastcgi_script_name;
      fastcgi_param DOCUMENT_ROOT \$document_root;
      fastcgi_param DOCUMENT_URI \$document_uri;
      fastcgi_param QUERY_STRING \$query_string;
      fastcgi_param REQUEST_METHOD \$request_method;
      fastcgi_param REQUEST_URI \$request_uri;
      fastcgi_param CONTENT_TYPE \$content_type;
      fastcgi_param CONTENT_LENGTH \$content_length;
      fastcgi_param SERVER_PROTOCOL \$server_protocol;
      fastcgi_param SERVER_SOFTWARE nginx;
      fastcgi_param REMOTE_ADDR \$remote_addr;
      fastcgi_param REMOTE_PORT \$remote_port;
      fastcgi_param SERVER_ADDR \$server_addr;
      fastcgi_param SERVER_PORT \$server_port;
      fastcgi_param SERVER_NAME \$host;
      fastcgi_param HTTP_PROXY "";
      $hidden
    }
  }
E
    done <"$dir/ports"
    echo "}"
  } >"$dir/run/nginx.conf"
}

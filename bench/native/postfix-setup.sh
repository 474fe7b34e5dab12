#!/bin/sh
# A Postfix instance of its own for comparison: loopback only, Maildir, no DNS, no limits on clients.
#
#   postfix-setup.sh <folder> <port>     then: postfix -c <folder>/etc start
#
# Changes nothing outside of <folder>: mail is written as `nobody`, an account that is there anyway.
set -eu
folder=$1
port=$2
mkdir -p "$folder/etc" "$folder/spool" "$folder/data" "$folder/mail"
chown postfix "$folder/data"
chown nobody "$folder/mail"
cat > "$folder/etc/main.cf" <<EOF
compatibility_level = 3.6
queue_directory = $folder/spool
data_directory = $folder/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
meta_directory = /etc/postfix
shlib_directory = /usr/lib/postfix
maillog_file_prefixes = $folder
maillog_file = $folder/log
myhostname = mx.local.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_message_rate_limit = 0
in_flow_delay = 0
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = local.test
virtual_mailbox_maps = inline:{plain@local.test=plain/}
virtual_mailbox_base = $folder/mail
virtual_minimum_uid = 1
virtual_uid_maps = static:$(id -u nobody)
virtual_gid_maps = static:$(id -g nobody)
virtual_mailbox_limit = 0
smtpd_relay_restrictions = permit_mynetworks, reject
message_size_limit = 50000000
EOF
cat > "$folder/etc/master.cf" <<EOF
127.0.0.1:$port inet n - n - 120 smtpd
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
verify    unix  -       -       n       -       1       verify
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
virtual   unix  -       n       n       -       -       virtual
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
EOF

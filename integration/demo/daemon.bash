# shellcheck shell=bash
# A skepd of our own, in a temporary folder: sourced by what shows or tries the programs as they are.
#
# `own_place` makes the folder and the configuration, `start_daemon` starts skepd and waits until it
# answers. Whatever happens then, the exit trap ends what was started and removes folder and control
# groups. Only what we started, and processes in our own control group, are ever signalled.

export LC_ALL=C
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
programs=$(cd "$project" && realpath -m "${CARGO_TARGET_DIR:-target}")/release
# How much slower than usual this machine is: an emulated one says 20.
slowness=${SKEP_TEST_SLOWNESS:-1}
# Names and numbers that nobody else has: the group of this run, and its uids.
group=skep-demo-$$
first_uid=$((1000000000 + $$ % 1000000 * 2000))
uid_count=1000
dir='' daemon='' helpers=()

# need_root SCRIPT ARGS...: starts it again by sudo when we are not root.
need_root() {
    local name environment=()
    ((EUID)) || return 0
    for name in CARGO_TARGET_DIR NO_COLOR SKEP_CLIENT_CACHE SKEP_PACKAGES_CACHE SKEP_TEST_SLOWNESS; do
        [[ -z ${!name+set} ]] || environment+=("$name=${!name}")
    done
    exec sudo -- env "${environment[@]}" "$@"
}

need_programs() {
    local program
    for program in skepd skep-shim skep; do
        [[ -x $programs/$program ]] && continue
        echo "$programs/$program is not there: \`make demo\` builds it first, \`make build\` only builds" >&2
        exit 1
    done
}

skep() { "$programs/skep" "$@"; }

# Where control groups are mounted, one line each, the unified hierarchy as well.
hierarchies() { awk '$3 == "cgroup" || $3 == "cgroup2" { print $2 }' /proc/mounts | sort -u; }

# The control groups of this run.
our_groups() {
    local top
    for top in $(hierarchies); do
        [[ ! -d $top/$group ]] || find "$top/$group" -depth -type d 2>/dev/null || true
    done
}

# The processes in them.
our_processes() {
    { grep -l -E ":/(.*/)?$group(/|$)" /proc/[0-9]*/cgroup 2>/dev/null || true; } | cut -d/ -f3
}

# own_place TENANT...: $dir with the configuration of a skepd that has these tenants.
own_place() {
    local tenant
    trap clean_up EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    dir=$(mktemp -d /run/skep-demo.XXXXXX)
    chmod 755 "$dir"
    {
        cat <<EOF
socket = "$dir/skep.sock"
state = "$dir/state"
cgroup = "/$group"
drain = "$((2 * slowness))s"
[ids]
first = $first_uid
count = $uid_count
[defaults]
timeout = "$((2 * slowness))s"
[[callers]]
uid = 0
admin = true
tenants = ["*"]
EOF
        for tenant; do printf '[[tenants]]\nname = "%s"\n' "$tenant"; done
    } >"$dir/skepd.toml"
    export SKEP_ENDPOINT=unix://$dir/skep.sock
    unset SKEP_TENANT
}

# Answers on $SKEP_ENDPOINT when this returns.
start_daemon() {
    "$programs/skepd" --config "$dir/skepd.toml" >"$dir/log" 2>&1 &
    daemon=$!
    for _ in $(seq $((200 * slowness))); do
        ! skep ps --all >/dev/null 2>&1 || return 0
        kill -0 "$daemon" 2>/dev/null || break
        sleep 0.05
    done
    echo "skepd does not answer. It said:" >&2
    cat "$dir/log" >&2
    return 1
}

# stop_daemon SECONDS: asks it to end; its exit code, or 124 when it had to be killed.
stop_daemon() {
    local pid=$daemon
    [[ -n $pid ]] || return 0
    daemon=''
    kill -TERM "$pid" 2>/dev/null || true
    for _ in $(seq $(($1 * 20))); do
        # Bash has its exit code, so it is gone.
        kill -0 "$pid" 2>/dev/null || { wait "$pid"; return; }
        sleep 0.05
    done
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    return 124
}

# shellcheck disable=SC2317 # a trap calls it
clean_up() {
    local pid
    trap '' HUP INT TERM
    for pid in "${helpers[@]}"; do kill "$pid" 2>/dev/null || true; done
    stop_daemon $((5 * slowness)) || true
    for _ in {1..20}; do
        [[ -n $(our_groups) ]] || break
        for pid in $(our_processes); do kill -KILL "$pid" 2>/dev/null || true; done
        our_groups | xargs -r rmdir 2>/dev/null || sleep 0.1
    done
    [[ -z $dir ]] || rm -rf "$dir"
}

#!/bin/sh
# Is commit HEAD slower than commit BASE? bench/compare.sh BASE [HEAD | --work] [--quick] [--pattern P] [--threshold PERCENT]
# Builds both apart from the checkout and runs their micro-benchmarks in turn. --work is what is in the checkout now,
# committed or not. Exit status: 0 nothing is slower, 1 something is, 2 wrong usage, 3 a build or benchmark failed.
set -eu
here=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd -P)
. "$here/.mvn/find-jdk.sh"
. "$here/bench/micro/jvm.sh"

usage() {
  [ $# -eq 0 ] || echo "bench/compare: $*" >&2
  sed -n '2,4s/^# //p' "$0" >&2
  exit 2
}

base= head= effort=full pattern='.*' threshold=5 work=
while [ $# -gt 0 ]; do
  case $1 in
    --quick) effort=quick ;;
    --work) work=1 ;;
    --pattern | --threshold)
      [ $# -ge 2 ] || usage "$1 needs a value"
      [ "$1" = --pattern ] && pattern=$2 || threshold=$2
      shift
      ;;
    -*) usage "unknown option $1" ;;
    *)
      if [ -z "$base" ]; then base=$1; elif [ -z "$head" ]; then head=$1; else usage "too many commits: $1"; fi
      ;;
  esac
  shift
done
[ -n "$base" ] || usage "which commit is the base?"
[ -z "$work" ] || [ -z "$head" ] || usage "--work stands for HEAD, so there is no room for $head"
case $threshold in
  '' | . | *[!0-9.]* | *.*.*) usage "the threshold is a number of per cent, not $threshold" ;;
esac
commit() {
  git -C "$here" rev-parse --verify --quiet "$1^{commit}" || usage "no commit $1"
}
a=$(commit "$base") || exit 2
b=$(commit "${head:-HEAD}") || exit 2
find_jdk 25 javac || exit 3

temp=$(mktemp -d "${TMPDIR:-/tmp}/vbus-compare.XXXXXX")
child=
finish() {
  trap - EXIT INT TERM HUP
  [ -z "$child" ] || { kill "$child" 2>/dev/null && wait "$child" 2>/dev/null; } || :
  # What it started may take a moment to end and still write.
  rm -rf "$temp" 2>/dev/null || { sleep 2 && rm -rf "$temp"; }
}
trap finish EXIT
trap 'finish; exit 130' INT
trap 'finish; exit 143' TERM HUP
# A shell looks at its signals while it waits for a child in the background, and only then.
run() {
  "$@" &
  child=$!
  status=0
  wait "$child" || status=$?
  child=
  return "$status"
}

if [ -n "$work" ]; then
  # A commit of the whole checkout that no branch and no index knows of.
  tree=$(cd "$here" && export GIT_INDEX_FILE="$temp/index" && git read-tree HEAD && git add -A && git write-tree)
  b=$(git -C "$here" -c user.name=vbus -c user.email=vbus@localhost commit-tree -p HEAD -m 'the checkout, not committed' "$tree")
fi

# Makes the tree of a commit and builds the benchmarks in it.
build() {
  mkdir "$2"
  git -C "$here" archive --format=tar "$1" | tar -xf - -C "$2"
  [ -f "$2/bench/micro/pom.xml" ] || {
    echo "bench/compare: $(git -C "$here" log -1 --format='%h (%s)' "$1") has no bench/micro" >&2
    exit 3
  }
  echo "building $3: $(git -C "$here" log -1 --format='%h %s' "$1")"
  run sh -c 'cd "$1" && exec ./mvnw -q -B -ntp -pl bench/micro -am package -Dmaven.test.skip=true \
    -Dspotless.check.skip=true -Denforcer.skip=true' build "$2" || {
    echo "bench/compare: $3 does not build" >&2
    exit 3
  }
}
build "$a" "$temp/a" A
if [ "$a" = "$b" ]; then
  ln -s a "$temp/b"
  echo "B is the same commit"
else
  build "$b" "$temp/b" B
fi
status=0
run "$JAVA_HOME/bin/java" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC "-Djava.io.tmpdir=$temp" \
  "$here/bench/micro/src/main/java/org/vbus/bench/micro/compare/Compare.java" \
  "$temp/a/bench/micro" "$temp/b/bench/micro" "$effort" "$pattern" "$threshold" "$(micro_jvm "$here" | tr '\n' ' ')" ||
  status=$?
exit "$status"

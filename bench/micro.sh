#!/bin/sh
# Nanoseconds and bytes per operation of each layer: bench/micro.sh [--quick] [--json FILE] [PATTERN] [JMH options]
# Builds on first use or after a change. bench/README.md says what there is and how to read it.
set -eu
here=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd -P)
. "$here/.mvn/find-jdk.sh"
find_jdk 25 javac || exit 1

quick= json=
while [ $# -gt 0 ]; do
  case $1 in
    --help)
      sed -n '2,3s/^# //p' "$0"
      exit 0
      ;;
    --quick) quick='-f 1 -wi 3 -w 200ms -i 3 -r 200ms' ;;
    --json)
      [ $# -ge 2 ] || { echo "bench/micro: --json needs a file" >&2; exit 2; }
      json="-rf json -rff $2"
      shift
      ;;
    *) break ;;
  esac
  shift
done

. "$here/bench/micro/jvm.sh"
target=$here/bench/micro/target
if [ ! -f "$target/built" ] || [ -n "$(find "$here" \( -name target -o -name .git -o -path "$here/tests" \) -prune -o \
  \( -path '*/src/main/*' -o -name pom.xml \) -type f -newer "$target/built" -print 2>/dev/null | head -n 1)" ]; then
  echo "bench/micro: building" >&2
  (cd "$here" && ./mvnw -q -B -ntp -pl bench/micro -am package -Dmaven.test.skip=true >&2) || {
    echo "bench/micro: the build failed; run ./mvnw verify to see where." >&2
    exit 1
  }
  touch "$target/built"
fi
exec "$JAVA_HOME/bin/java" $(micro_jvm "$here") -cp "$target/classes:$target/lib/*" \
  org.vbus.bench.micro.Micro -foe true -prof gc -prof org.vbus.bench.micro.CpuTime $quick $json "$@"

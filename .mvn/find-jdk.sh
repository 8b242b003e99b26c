# Finds a JDK of at least a given feature version and exports JAVA_HOME.
# Sourced by mvnw and vbus; plain POSIX sh; reads each home's release file, starts no JVM.
# Order: VBUS_JAVA_HOME (binding when set), JAVA_HOME, java on PATH, then the usual places,
# where the oldest version that suffices wins.

jdk_feature() { # prints the feature version of the JDK home $1, or nothing; starts no program
  [ -x "$1/bin/java" ] && [ -r "$1/release" ] || return 0
  while IFS='="' read -r key bare quoted _; do
    if [ "$key" = JAVA_VERSION ]; then
      version=${bare:-$quoted}
      version=${version%%[!0-9]*}
      [ -z "$version" ] || echo "$version"
      return 0
    fi
  done <"$1/release"
}

jdk_try() { # accepts home $1 if it is new enough and has tool $2
  [ -n "$1" ] || return 1
  f=$(jdk_feature "$1")
  [ -n "$f" ] && [ "$f" -ge "$want" ] && [ -x "$1/bin/${2:-java}" ] || return 1
  JAVA_HOME=$1
  export JAVA_HOME
}

find_jdk() { # $1 least feature version, $2 tool that must exist in bin
  want=$1 need=${2:-java}
  jdk_try "${VBUS_JAVA_HOME-}" "$need" && return 0
  if [ -n "${VBUS_JAVA_HOME-}" ]; then
    echo "vbus: VBUS_JAVA_HOME=$VBUS_JAVA_HOME is not a JDK $want or newer; point it at one or unset it." >&2
    return 1
  fi
  jdk_try "${JAVA_HOME-}" "$need" && return 0
  p=$(command -v java 2>/dev/null) || p=
  p=$(readlink -f "$p" 2>/dev/null) || p=
  jdk_try "${p%/bin/java}" "$need" && return 0
  case $- in *f*) ng=1 ;; *) ng= ;; esac
  set +f
  best= bestf=0
  for d in /usr/lib/jvm/* "${HOME-}"/.sdkman/candidates/java/* "${HOME-}"/.jdks/* \
    /opt/jdk* /opt/java* /opt/*/jdk* /Library/Java/JavaVirtualMachines/*/Contents/Home; do
    f=$(jdk_feature "$d")
    if [ -n "$f" ] && [ "$f" -ge "$want" ] && [ -x "$d/bin/$need" ]; then
      if [ -z "$best" ] || [ "$f" -lt "$bestf" ]; then best=$d bestf=$f; fi
    fi
  done
  [ -z "$ng" ] || set -f
  jdk_try "$best" "$need" && return 0
  echo "vbus: no JDK $want or newer found (looked at VBUS_JAVA_HOME, JAVA_HOME, PATH, /usr/lib/jvm, ~/.sdkman, ~/.jdks, /opt): install one or set JAVA_HOME." >&2
  return 1
}

# Sourced by bench/micro.sh and bench/compare.sh.

# The options of the JVM that is measured: those of the product in the checkout $1, with native access and Unsafe for
# the class path, where JMH is.
micro_jvm() {
  sed -e '/^--enable-native-access=/d' -e '/^--illegal-native-access=/d' -e '/^--sun-misc-unsafe-memory-access=/d' \
    "$1/cli/src/main/dist/vbus.args"
  echo --enable-native-access=ALL-UNNAMED
  echo --sun-misc-unsafe-memory-access=allow
}

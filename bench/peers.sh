#!/bin/sh
exec "$(dirname "$(readlink -f "$0")")/../vbus" bench --peers "$@"

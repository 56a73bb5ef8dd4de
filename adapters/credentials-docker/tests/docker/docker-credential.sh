#!/bin/sh
# A credential helper under any name: it does what the file beside that name says.
. "$0.sh"

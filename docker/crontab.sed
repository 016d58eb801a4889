# SPDX-License-Identifier: MIT
# crontab.example for run-crontab: no user, and what is said goes to the
# container's log.
/^[0-9*]/!d
s/  leadpipe  leadpipe /  leadpipe /
s/ 2>>leadpipe\.log$//

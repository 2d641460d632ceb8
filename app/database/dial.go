package database

import (
	"net"
	"time"
)

// silence is how long the server's machine may say nothing, not even that what
// was sent has arrived, before a connection counts as lost. The system's own
// patience is a quarter of an hour, in which every page would stand still.
const silence = 30 * time.Second

// dialer connects to a server, and finds out soon that it is not there any more:
// when a connection is idle by probes, otherwise by what is not acknowledged.
func dialer() *net.Dialer {
	return &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: silence / 2, Interval: silence / 6, Count: 3}, Control: boundSilence}
}

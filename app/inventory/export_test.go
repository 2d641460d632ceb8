package inventory

// Report is what Amazon says of the messages of a feed.
type Report = report

// Refused says why Amazon did nothing of a message.
func (r report) Refused(number int) string { return r.refused(number) }

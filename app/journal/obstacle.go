package journal

import (
	"slices"

	"tieout/sqlc"
)

// Approval is one approval of an entry, void or not.
type Approval = sqlc.ApprovalsOfEntryRow

// Obstacle says in one sentence why a person in the role of approver cannot
// approve a submitted entry, "" when the person can. The database refuses the
// same; this is for people.
func Obstacle(e Entry, personID int64, preparers []int64, approvals []Approval) string {
	if slices.Contains(preparers, personID) {
		return "You prepared this entry, so someone else approves it."
	}
	if len(e.ApproverIds) > 0 && !slices.Contains(e.ApproverIds, personID) {
		return "The policy of this connection names other approvers."
	}
	for _, a := range approvals {
		if a.PersonID == personID && a.VoidedAt == nil {
			return "You approved it already; it waits for one more person."
		}
	}
	return ""
}

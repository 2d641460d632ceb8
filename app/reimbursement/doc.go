// Package reimbursement holds what Amazon lost or damaged in its warehouses
// beside what it paid for that in settlements, and keeps the list of what can
// still be claimed, with the last day for it.
package reimbursement

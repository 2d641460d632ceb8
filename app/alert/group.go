package alert

import (
	"slices"
	"strings"

	"tieout/app/exception"
	"tieout/app/fault"
)

// Group is occasions that people choose together.
type Group string

// The groups, those of exceptions first.
const (
	Unreadable Group = "unreadable"
	Balance    Group = "balance"
	Posting    Group = "posting"
	Rules      Group = "rules"
	Delivery   Group = "delivery"
	Others     Group = "others"
	System     Group = "system"
	Job        Group = "job"
	Expiry     Group = "expiry"
	Silence    Group = "silence"
	// SignIn is who tried to come in, from where, and who may.
	SignIn Group = "sign_in"
	// Witness is the audit log's head of the day, for whoever keeps it elsewhere.
	Witness Group = "witness"
	// Fulfilment is no alert: webhooks that chose it may be told of orders by name,
	// see TellChannel.
	Fulfilment Group = "fulfilment"
)

// Groups returns all groups in the order people read them in.
func Groups() []Group {
	return []Group{Unreadable, Balance, Posting, Rules, Delivery, Others, System, Job, Expiry, Silence, SignIn, Witness, Fulfilment}
}

// Title names a group for people.
func (g Group) Title() string {
	return map[Group]string{
		Unreadable: "A settlement report, or lines of it, cannot be read",
		Balance:    "A settlement is out of balance, amended, or does not follow from the one before",
		Posting:    "Prophet 21 refused an entry, or it is unknown what became of one",
		Rules:      "Rules, accounts, periods or exchange rates keep entries from being drafted",
		Delivery:   "A flow's delivery was refused, or it is unknown what became of it",
		Others:     "Any other exception, such as an unknown SKU",
		System:     "Amazon or Prophet 21 cannot be used, or a flow waits for one of them; and when it goes on again",
		Job:        "A job failed for good",
		Expiry:     "Amazon's client secret is about to end",
		Silence:    "Nothing was received for days",
		SignIn:     "Sign-ins: failed again and again, refused, of an approver or administrator from somewhere new; and changed roles and connections of people",
		Witness:    "The audit log's newest hash, once a day: kept elsewhere, it shows that the log was not rewritten",
		Fulfilment: "Orders that Amazon ships for the channel of this name, as the flow of fulfilment news says (webhooks alone)",
	}[g]
}

func (g Group) known() bool { return slices.Contains(Groups(), g) }

// classes are the exceptions of a group; Others has all that stand nowhere here.
func (g Group) classes() []exception.Class {
	switch g {
	case Unreadable:
		return []exception.Class{exception.UnreadableFile, exception.UnreadableLines}
	case Balance:
		return []exception.Class{exception.OutOfBalance, exception.AmendedReport, exception.ChainBroken, exception.TaxResidue}
	case Posting:
		return []exception.Class{exception.PostingRefused, exception.PostingUnknown, exception.PostingMismatch, exception.ByHandDiffers}
	case Rules:
		return []exception.Class{exception.UnmappedKind, exception.AccountProblem, exception.NoPeriod, exception.ClosedPeriod, exception.MissingRate, exception.RoundingLimit}
	case Delivery:
		return []exception.Class{exception.DeliveryRefused, exception.DeliveryUnknown, exception.DeliveryMismatch}
	}
	return nil
}

// classNames returns the exception classes of some groups.
func classNames(groups []Group) []string {
	names := []string{}
	for _, g := range groups {
		for _, class := range g.classes() {
			names = append(names, string(class))
		}
	}
	return names
}

// groupOf returns the group of an exception's class.
func groupOf(class string) Group {
	for _, g := range Groups() {
		if slices.Contains(g.classes(), exception.Class(class)) {
			return g
		}
	}
	return Others
}

// sentence is an error's message for a form.
func sentence(err error) string {
	text := err.Error()
	if fault.Is(err, fault.Invalid) {
		text = fault.MessageOf(err)
	}
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}

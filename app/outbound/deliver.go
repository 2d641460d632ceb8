package outbound

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
)

// Deliver takes a message as far as it can be taken now. It returns a Result
// when the message is finished, a *Retry when it goes on later, ErrHeld when
// another worker is at it or has just finished it. The caller records the Result together with its own
// data by calling Finish in its transaction.
func (d *Deliverer) Deliver(ctx context.Context, id int64, target Target) (Result, error) {
	// Each delivery holds the message under a name of its own: two jobs of one process exclude each other too.
	own := *d
	own.worker = d.worker + "/" + rand.Text()[:8]
	return own.deliver(ctx, id, target)
}

func (d *Deliverer) deliver(ctx context.Context, id int64, target Target) (Result, error) {
	m, err := d.hold(ctx, id)
	if err != nil {
		return Result{}, err
	}
	switch m.State {
	case Declined:
		return Result{State: Declined, Reason: m.Error}, nil
	case Unknown:
		return Result{State: Unknown, Reason: m.Error}, nil
	case Intended:
		return d.begin(ctx, m, target)
	case Sending:
		return d.resume(ctx, m, target)
	case Sent:
		return d.confirm(ctx, m, target, m.RemoteKey)
	}
	return Result{}, fmt.Errorf("message %d is %s", m.ID, m.State)
}

// begin looks the reference up before anything is sent for the first time.
func (d *Deliverer) begin(ctx context.Context, m Message, target Target) (Result, error) {
	if !target.CanLookUp() {
		return d.send(ctx, m, target)
	}
	found, err := d.find(ctx, m, target)
	if err != nil {
		return Result{}, d.later(ctx, m, fmt.Errorf("look up %s: %w", m.Reference, err))
	}
	if len(found) > 0 {
		return d.adopt(ctx, m, found)
	}
	return d.send(ctx, m, target)
}

func (d *Deliverer) find(ctx context.Context, m Message, target Target) ([]Found, error) {
	bounded, cancel := context.WithTimeout(ctx, d.timing.Request)
	defer cancel()
	found, err := target.Find(bounded, m)
	if err != nil {
		return nil, err
	}
	d.note(ctx, m.ID, "looked up", fmt.Sprintf("%d found under %s", len(found), m.Reference))
	return found, nil
}

func (d *Deliverer) send(ctx context.Context, m Message, target Target) (Result, error) {
	if err := d.sending(ctx, m); err != nil {
		return Result{}, err
	}
	bounded, cancel := context.WithTimeout(ctx, d.timing.Request)
	defer cancel()
	key, err := target.Send(bounded, m)
	if err == nil {
		if err := d.sent(ctx, m, key); err != nil {
			return Result{}, err
		}
		return d.confirm(ctx, m, target, key)
	}
	outcome, words := target.Outcome(err)
	switch outcome {
	case Refused:
		d.note(ctx, m.ID, "refused", words)
		return Result{State: Declined, Reason: words}, nil
	case NotSent:
		if err := d.notSent(ctx, m, words); err != nil {
			return Result{}, err
		}
		return Result{}, d.later(ctx, m, fmt.Errorf("send %s: %w", m.Reference, err))
	}
	d.note(ctx, m.ID, "no clear answer", words)
	if !target.CanLookUp() {
		return Result{State: Unknown, Reason: "The answer was lost and this P21 cannot be asked: " + words}, nil
	}
	return Result{}, d.later(ctx, m, fmt.Errorf("send %s: %w", m.Reference, err))
}

// resume goes on with a message that may have arrived: it is looked up, and
// never simply sent again.
func (d *Deliverer) resume(ctx context.Context, m Message, target Target) (Result, error) {
	if !target.CanLookUp() {
		return Result{State: Unknown, Reason: "Sending was interrupted and this P21 cannot be asked."}, nil
	}
	found, err := d.find(ctx, m, target)
	if err != nil {
		return Result{}, d.later(ctx, m, fmt.Errorf("look up %s: %w", m.Reference, err))
	}
	if len(found) > 0 {
		return d.adopt(ctx, m, found)
	}
	if target.RefusesDuplicates() {
		return d.send(ctx, m, target)
	}
	lookups, seconds, err := d.lookedUp(ctx, m)
	if err != nil {
		return Result{}, err
	}
	if lookups >= d.timing.LookUps && seconds >= d.timing.LookUpWindow.Seconds() {
		return Result{State: Unknown, Reason: fmt.Sprintf(
			"Sending was interrupted. %d look-ups over %s found nothing under %s. Look in P21, then say what you found.",
			lookups, d.timing.LookUpWindow, m.Reference)}, nil
	}
	return Result{}, d.later(ctx, m, fmt.Errorf("%s: %w", m.Reference, errNotThere))
}

// adopt takes what the target already holds under the reference, when it is
// one and equal.
func (d *Deliverer) adopt(ctx context.Context, m Message, found []Found) (Result, error) {
	if len(found) > 1 {
		keys := found[0].Key
		for _, f := range found[1:] {
			keys += ", " + f.Key
		}
		return Result{State: Unknown, Differ: true, Reason: fmt.Sprintf("It is there %d times: %s.", len(found), keys)}, nil
	}
	if found[0].Difference != "" {
		return Result{State: Unknown, Differ: true, Key: found[0].Key,
			Reason: fmt.Sprintf("%s under %s is not what was approved: %s", found[0].Key, m.Reference, found[0].Difference)}, nil
	}
	if err := d.sent(ctx, m, found[0].Key); err != nil {
		return Result{}, err
	}
	d.note(ctx, m.ID, "read back", found[0].Key+" equals what was approved")
	return Result{State: Confirmed, Key: found[0].Key}, nil
}

// confirm reads the message back and compares it.
func (d *Deliverer) confirm(ctx context.Context, m Message, target Target, key string) (Result, error) {
	if !target.CanLookUp() {
		d.note(ctx, m.ID, "confirmed", key+"; this P21 cannot be read back")
		return Result{State: Confirmed, Key: key}, nil
	}
	bounded, cancel := context.WithTimeout(ctx, d.timing.Request)
	defer cancel()
	found, err := target.Read(bounded, m, key)
	var refusal *Refusal
	if errors.As(err, &refusal) {
		d.note(ctx, m.ID, "refused", refusal.Words)
		return Result{State: Declined, Reason: refusal.Words}, nil
	}
	if err != nil {
		return Result{}, d.later(ctx, m, fmt.Errorf("read back %s: %w", key, err))
	}
	if found.Difference != "" {
		return Result{State: Unknown, Key: key, Differ: true, Reason: fmt.Sprintf("%s differs from what was approved: %s", key, found.Difference)}, nil
	}
	d.note(ctx, m.ID, "read back", key+" equals what was approved")
	return Result{State: Confirmed, Key: cmp.Or(found.Key, key)}, nil
}

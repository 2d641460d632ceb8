package web

// alertRotate gives a webhook a new secret and shows it once.
func (s *server) alertRotate(r *request) error {
	c, err := s.channelOf(r)
	if err != nil {
		return err
	}
	secret, err := s.Alerts.Rotate(r.ctx(), c.ID, r.actor())
	if err != nil {
		return err
	}
	return s.showSecret(r, c.ID, "The webhook has a new secret.", secret)
}

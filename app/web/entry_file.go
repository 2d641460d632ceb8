package web

// entryFile downloads a file of an entry.
func (s *server) entryFile(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	document, err := r.pathID("document")
	if err != nil {
		return err
	}
	file, content, err := s.Entries.OpenAttachment(r.ctx(), id, document)
	if err != nil {
		return err
	}
	return r.download(file.Name, file.Size, content)
}

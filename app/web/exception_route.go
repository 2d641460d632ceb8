package web

import "tieout/app/identity"

// exceptionRoutes are the screens of what people must decide.
func (s *server) exceptionRoutes() []Route {
	if s.Exceptions == nil {
		return nil
	}
	return []Route{
		{GET, "/exceptions", identity.ViewBooks, s.exceptionQueue, 0},
		{POST, "/exceptions/assign", identity.ResolveExceptions, s.exceptionAssignMany, 0},
		{POST, "/exceptions/snooze", identity.ResolveExceptions, s.exceptionSnoozeMany, 0},
		{POST, "/exceptions/retry", identity.ResolveExceptions, s.exceptionRetryMany, 0},
		{POST, "/exceptions/ignore", identity.ResolveExceptions, s.exceptionIgnoreMany, 0},
		{GET, "/exceptions/:id", identity.ViewBooks, s.exceptionShow, 0},
		{GET, "/exceptions/:id/document", identity.ViewBooks, s.exceptionDocument, 0},
		{POST, "/exceptions/:id/assign", identity.ResolveExceptions, s.exceptionAssign, 0},
		{POST, "/exceptions/:id/snooze", identity.ResolveExceptions, s.exceptionSnooze, 0},
		{POST, "/exceptions/:id/ignore", identity.ResolveExceptions, s.exceptionIgnore, 0},
		{POST, "/exceptions/:id/retry", identity.ResolveExceptions, s.exceptionRetry, 0},
		{POST, "/exceptions/:id/send", identity.ResolveExceptions, s.exceptionSend, 0},
		{POST, "/exceptions/:id/approve", identity.ApproveEntries, s.exceptionApprove, 0},
		{POST, "/exceptions/:id/map", identity.MapProducts, s.exceptionMap, 0},
		{POST, "/exceptions/:id/comment", identity.Comment, s.exceptionComment, 0},
		{POST, "/exceptions/:id/resolve", identity.EditRules, s.exceptionResolve, 0},
	}
}

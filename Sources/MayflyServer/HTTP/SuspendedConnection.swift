internal import CMicroHTTPD

/// A connection that the library has suspended and that its holder will resume exactly once.
///
/// Unchecked because the library promises of `MHD_resume_connection`: "It is safe to resume a suspended connection at
/// any time." Nothing else is done with the pointer.
@safe struct SuspendedConnection: @unchecked Sendable {
    private let connection: OpaquePointer
    private let bell: LoopBell

    /// Suspends the connection; called only by the library's request callback, on its loop's thread.
    init(suspending connection: OpaquePointer, of bell: LoopBell) {
        unsafe self.connection = connection
        self.bell = bell
        unsafe MHD_suspend_connection(connection)
    }

    func resume() {
        unsafe MHD_resume_connection(connection)
        bell.ring()
    }
}

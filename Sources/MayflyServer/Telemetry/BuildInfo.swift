/// What this program calls itself.
package enum BuildInfo {
    package static let name = "mayfly"
    package static let version = "1.0.0"
}

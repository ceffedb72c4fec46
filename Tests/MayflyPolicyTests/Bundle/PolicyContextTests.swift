import MayflyModel
@testable import MayflyPolicy
import Testing

/// Which cases are no worse than others.
@Suite struct PolicyContextTests {
    private static func context(_ json: String) throws -> PolicyContext {
        try PolicyContext(try JSONParser.parseObject(Array(json.utf8)))
    }

    /// A case, a bound, and whether the one is within the other.
    static let pairs: [(String, String, Bool)] = [
        ("{}", "{}", true),
        (#"{"records":5}"#, #"{"records":5}"#, true), (#"{"records":4}"#, #"{"records":5}"#, true),
        (#"{"records":6}"#, #"{"records":5}"#, false), (#"{"records":1}"#, "{}", false),
        ("{}", #"{"records":5}"#, false),
        (#"{"cost":{"amount":"9.99","currency":"EUR"}}"#, #"{"cost":{"amount":"10","currency":"EUR"}}"#, true),
        (#"{"cost":{"amount":"10.01","currency":"EUR"}}"#, #"{"cost":{"amount":"10","currency":"EUR"}}"#, false),
        (#"{"cost":{"amount":"1","currency":"USD"}}"#, #"{"cost":{"amount":"10","currency":"EUR"}}"#, false),
        (#"{"env":"a"}"#, #"{"env":"a"}"#, true), (#"{"env":"a"}"#, #"{"env":"b"}"#, false),
        (#"{"sensitivity":"internal"}"#, #"{"sensitivity":"confidential"}"#, true),
        (#"{"sensitivity":"restricted"}"#, #"{"sensitivity":"confidential"}"#, false),
        (#"{"reversibility":"compensable"}"#, #"{"reversibility":"irreversible"}"#, true),
        (#"{"reversibility":"irreversible"}"#, #"{"reversibility":"reversible"}"#, false),
        (#"{"data":["a"]}"#, #"{"data":["a","b"]}"#, true), (#"{"data":["a","c"]}"#, #"{"data":["a","b"]}"#, false),
        ("{}", #"{"data":["a"]}"#, true),
        (#"{"regulations":["gdpr"]}"#, #"{"regulations":[]}"#, false),
        (#"{"other":1}"#, "{}", true),
    ]

    @Test(arguments: pairs)
    func aCaseIsWithinOneThatIsNoMilder(_ mine: String, _ bound: String, _ isWithin: Bool) throws {
        #expect(try Self.context(mine).isWithin(try Self.context(bound)) == isWithin)
    }

    /// Objects that are not contexts.
    static let malformed = [
        #"{"env":1}"#, #"{"env":""#, #"{"cost":"10 EUR"}"#, #"{"cost":{"amount":10,"currency":"EUR"}}"#,
        #"{"cost":{"amount":"10","currency":"eur"}}"#, #"{"records":-1}"#, #"{"records":1.5}"#, #"{"data":"a"}"#,
        #"{"data":["a","a"]}"#, #"{"sensitivity":"secret"}"#, #"{"reversibility":true}"#, #"{"regulations":[1]}"#,
    ]

    @Test(arguments: malformed)
    func aMemberOfAnotherFormIsRefused(_ json: String) {
        #expect((try? Self.context(json)) == nil)
    }

    @Test func moreMembersThanAreReadAreRefused() throws {
        func object(_ count: Int) -> JSONObject {
            var object = JSONObject()
            for index in 0..<count { object["m\(index)"] = .integer(1) }
            return object
        }
        #expect(throws: Never.self) { try PolicyContext(object(PolicyContext.maximumMembers)) }
        #expect(throws: FieldError.self) { try PolicyContext(object(PolicyContext.maximumMembers + 1)) }
    }
}

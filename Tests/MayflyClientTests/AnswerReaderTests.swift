import MayflyModel
import Testing

@testable import MayflyClient

@Suite struct AnswerReaderTests {
    private func answer(_ status: Int, _ body: String) -> ClientAnswer {
        ClientAnswer(status: status, headers: [], body: Array(body.utf8))
    }

    @Test(arguments: [
        (400, #"{"error":"invalid_scope","error_description":"too wide"}"#, "invalid_scope", "too wide"),
        (401, #"{"error":"invalid_client"}"#, "invalid_client", nil),
        (
            404, #"{"type":"urn:mayfly:problem:not-found","title":"Nothing has that name","status":404}"#, "not-found",
            "Nothing has that name"
        ),
        (
            409, #"{"type":"urn:mayfly:problem:conflict","title":"No","status":409,"detail":"take it away first"}"#,
            "conflict", "take it away first"
        ),
        (
            403, #""the bearer token needs the scope mayfly.introspect""#, "refused",
            "the bearer token needs the scope mayfly.introspect"
        ),
    ])
    func aRefusalIsReadInEachOfItsShapes(_ status: Int, _ body: String, _ code: String, _ detail: String?) {
        #expect(throws: ClientError.refused(Refusal(status: status, code: code, detail: detail))) {
            _ = try AnswerReader.object(answer(status, body))
        }
    }

    @Test(arguments: [
        (
            400,
            #"{"error":"access_denied","policy":{"decision":"deny","rule":"tier.4","reason":"too much may go wrong"}}"#,
            "rule tier.4: too much may go wrong; mayfly policy explain shows every rule"
        ),
        (
            400,
            #"{"error":"access_denied","policy":{"rule":"bulk","reason":"too many","remedy":{"advice":"Read fewer."}}}"#,
            "rule bulk: Read fewer.; mayfly policy explain shows every rule"
        ),
        (
            400, #"{"error":"access_denied","reason":"denied"}"#,
            "people said no, and it stands until the window ends; the ledger says who and why"
        ),
        (
            400, #"{"error":"authorization_pending","auth_req_id":"abc"}"#,
            "wait until people have decided about abc, and ask for exactly the same again"
        ),
        (
            429, #"{"error":"temporarily_unavailable","policy":{"rule":"quota.tokens","reason":"one a minute"}}"#,
            "quota.tokens: one a minute; ask again in 42 s"
        ),
        (503, #"{"error":"temporarily_unavailable"}"#, "ask again in 42 s"),
        (429, #""this resource asks too often""#, "ask again in 42 s"),
    ])
    func aRefusalSaysWhatDecidedAndWhatToDoNext(_ status: Int, _ body: String, _ next: String) {
        let answer = ClientAnswer(
            status: status, headers: [(name: "retry-after", value: "42")], body: Array(body.utf8))
        let error = #expect(throws: ClientError.self) { _ = try AnswerReader.object(answer) }
        #expect(error?.nextStep == next)
    }

    @Test func whatPolicySaysCannotMoveTheCursorEither() {
        let body = "{\"error\":\"access_denied\",\"policy\":{\"rule\":\"a\\u001b[2J\",\"reason\":\"b\\nc\"}}"
        let error = #expect(throws: ClientError.self) { _ = try AnswerReader.object(answer(400, body)) }
        #expect(error?.nextStep == "rule a?[2J: b?c; mayfly policy explain shows every rule")
    }

    @Test(arguments: [
        (302, "{}"), (200, "<html>"), (200, "[]"), (500, "<html>"), (404, #"{"type":"about:blank"}"#), (100, ""),
    ])
    func whatIsNoBrokersAnswerIsCalledThat(_ status: Int, _ body: String) {
        #expect(throws: ClientError.unexpectedAnswer(status: status)) {
            _ = try AnswerReader.object(answer(status, body))
        }
    }

    @Test func anErrorTextCannotMoveTheCursor() {
        let body = "{\"error\":\"x\\u001b[2J\",\"error_description\":\"a\\nb\\u202ec\"}"
        #expect(throws: ClientError.refused(Refusal(status: 400, code: "x?[2J", detail: "a?b?c"))) {
            _ = try AnswerReader.object(answer(400, body))
        }
    }

    @Test func aTokenAnswerNeedsTokenTypeAndLife() throws {
        let full: JSONObject = [
            "access_token": .string("t"), "token_type": .string("Bearer"), "expires_in": .integer(300),
            "scope": .string("a b"), "task": .string("t1"),
        ]
        let read = try TokenAnswer(full)
        #expect(read.token == "t" && read.expiresIn == 300 && read.scope == "a b" && read.task == "t1")
        #expect(!"\(read)".contains("access_token"))
        for name in ["access_token", "token_type", "expires_in"] {
            var less = full
            less[name] = nil
            #expect(throws: ClientError.unexpectedAnswer(status: 200)) { _ = try TokenAnswer(less) }
        }
    }
}

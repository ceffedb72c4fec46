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

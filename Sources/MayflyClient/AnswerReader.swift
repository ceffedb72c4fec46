package import MayflyModel

/// Reads the broker's answers: JSON on success, else the refusal in any of its three shapes.
package enum AnswerReader {
    /// The JSON object of a successful answer.
    package static func object(_ answer: ClientAnswer) throws(ClientError) -> JSONObject {
        try check(answer)
        guard let object = try? JSONParser.parseObject(answer.body) else {
            throw .unexpectedAnswer(status: answer.status)
        }
        return object
    }

    /// Throws unless the status is one of success.
    package static func check(_ answer: ClientAnswer) throws(ClientError) {
        guard !answer.isSuccess else { return }
        guard (400...599).contains(answer.status), let value = try? JSONParser.parse(answer.body) else {
            throw .unexpectedAnswer(status: answer.status)
        }
        var refusal = try refusal(value, status: answer.status)
        refusal.retryAfter = answer.header("Retry-After").flatMap { Int64($0) }
        throw .refused(refusal)
    }

    private static func refusal(_ value: JSONValue, status: Int) throws(ClientError) -> Refusal {
        // AuthZEN 1.0 §10.1.3: a bare message.
        if let message = value.stringValue {
            return Refusal(status: status, code: "refused", detail: printable(message))
        }
        guard let object = value.objectValue else { throw .unexpectedAnswer(status: status) }
        // RFC 6749 §5.2.
        if let code = object["error"]?.stringValue {
            var refusal = Refusal(
                status: status, code: printable(code),
                detail: object["error_description"]?.stringValue.map(printable))
            let policy = object["policy"]?.objectValue
            refusal.rule = policy?["rule"]?.stringValue.map(printable)
            let advice = policy?["remedy"]?.objectValue?["advice"]
            refusal.reason = (advice ?? policy?["reason"] ?? object["reason"])?.stringValue.map(printable)
            refusal.approval = object["auth_req_id"]?.stringValue.map(printable)
            return refusal
        }
        // RFC 9457.
        let prefix = "urn:mayfly:problem:"
        guard let type = object["type"]?.stringValue, type.hasPrefix(prefix) else {
            throw .unexpectedAnswer(status: status)
        }
        return Refusal(
            status: status, code: printable(String(type.dropFirst(prefix.count))),
            detail: (object["detail"] ?? object["title"])?.stringValue.map(printable))
    }

    /// Text from elsewhere, safe for a terminal and a log line.
    private static func printable(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(400).map { scalar in
            scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
                ? Unicode.Scalar(UInt8(ascii: "?")) : scalar
        }
        return String(String.UnicodeScalarView(scalars))
    }
}

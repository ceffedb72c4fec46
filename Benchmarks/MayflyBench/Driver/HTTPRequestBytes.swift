/// One POST request: as bytes for the connections made here, and as the Lua that makes wrk send the same.
struct HTTPRequestBytes {
    let path: String
    let contentType: String
    /// The value of the Authorization header.
    let authorization: String?
    let body: String

    static func form(
        _ path: String, _ fields: [(String, String)], authorization: String? = nil
    ) -> HTTPRequestBytes {
        HTTPRequestBytes(
            path: path, contentType: "application/x-www-form-urlencoded", authorization: authorization,
            body: fields.map { $0.0 + "=" + escaped($0.1) }.joined(separator: "&"))
    }

    static func json(_ path: String, _ body: String, bearer: String) -> HTTPRequestBytes {
        HTTPRequestBytes(path: path, contentType: "application/json", authorization: "Bearer " + bearer, body: body)
    }

    var bytes: [UInt8] {
        var head = "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: \(contentType)\r\n"
        if let authorization { head += "Authorization: \(authorization)\r\n" }
        head += "Content-Length: \(body.utf8.count)\r\n\r\n"
        return Array(head.utf8) + Array(body.utf8)
    }

    /// Safe between Lua's long brackets: no field that is sent here holds one.
    var lua: String {
        var script = """
            wrk.method = "POST"
            wrk.path = "\(path)"
            wrk.headers["Content-Type"] = "\(contentType)"
            wrk.body = [==[\(body)]==]

            """
        if let authorization { script += "wrk.headers[\"Authorization\"] = \"\(authorization)\"\n" }
        return script
    }

    private static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

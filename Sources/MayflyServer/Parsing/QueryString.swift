/// Reads the part of a request target after `?`, which is written as a form is.
package enum QueryString {
    package static func parse(_ bytes: [UInt8]) throws(HTTPSyntaxError) -> FormFields {
        try FormParser.parse(bytes)
    }
}

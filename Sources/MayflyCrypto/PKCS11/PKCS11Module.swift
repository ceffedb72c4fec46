internal import CP11Kit

/// A loaded PKCS#11 module, shared with whoever else in this process uses it; it is let go of when this value ends.
///
/// `@unchecked Sendable`: p11-kit's `p11_kit_module_initialize` calls C_Initialize with CKF_OS_LOCKING_OK, under which
/// a module must take calls from any thread (PKCS#11 2.40 §5.1.2: "the library can use the native operating system
/// threading model for locking"). A session belongs to one thread at a time; `PKCS11Token` sees to that.
@safe final class PKCS11Module: @unchecked Sendable {
    let functions: UnsafeMutablePointer<CK_FUNCTION_LIST>

    /// Loads the module at an absolute path; a name alone would be looked for where others may write.
    init(path: String) throws(PKCS11Error) {
        guard path.utf8.first == UInt8(ascii: "/"), !path.utf8.contains(0),
            let functions = unsafe mayfly_p11_load(path)
        else { throw .moduleNotLoaded }
        let status = unsafe p11_kit_module_initialize(functions)
        guard status == 0 else {
            unsafe p11_kit_module_release(functions)
            throw PKCS11Error(code: status)
        }
        unsafe self.functions = functions
    }

    deinit {
        unsafe p11_kit_module_finalize(functions)
        unsafe p11_kit_module_release(functions)
    }

    /// The one slot whose token has this label.
    func slot(labelled label: String) throws(PKCS11Error) -> UInt {
        var slots = [UInt](repeating: 0, count: 64)
        var count = UInt(slots.count)
        try Self.check(unsafe mayfly_p11_slots(functions, &slots, &count))
        var found: [UInt] = []
        for slot in slots.prefix(Int(clamping: count)) {
            var padded = [UInt8](repeating: 0, count: 32)
            var flags: UInt = 0
            // A slot whose token was just taken out says so; the others are still looked at.
            guard unsafe mayfly_p11_label(functions, slot, &padded, &flags) == 0 else { continue }
            while padded.last == 0x20 || padded.last == 0 { padded.removeLast() }
            if padded.elementsEqual(label.utf8) { found.append(slot) }
        }
        guard let slot = found.first else { throw .tokenMissing }
        guard found.count == 1 else { throw .tokenAmbiguous }
        return slot
    }

    static func check(_ status: UInt) throws(PKCS11Error) {
        guard status == 0 else { throw PKCS11Error(code: status) }
    }
}

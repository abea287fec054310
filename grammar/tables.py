"""Made from expression.lark by `python -m backprop.grammar.generate`. Do not edit."""

CHECKSUM = 2645252252

TOKEN = '(?:[ \t\r\x0c\xa0\u2000-\u200b\u202f\u205f\u2060\u3000\ufeff]+|#[^\n]*)*+([^\\W\\d][\\ẁ-ͯऀ-႟]*+(?:(?:[ \t\r\x0c\xa0\u2000-\u200b\u202f\u205f\u2060\u3000\ufeff]+)?+(?:\\(|=(?!=)))?|(?:[0-9]+(?:_[0-9]+)*(?:\\.(?:[0-9]+(?:_[0-9]+)*)?)?|\\.[0-9]+(?:_[0-9]+)*)(?:[eE][+-]?[0-9]+)?|[;\n](?:[;\\s]|#[^\n]*)*|"[^"\n]*"|(?:\\.\\.\\.|…)|(?:\\*\\*|\\^)|\\.T(?!\\w)|(?:>=|≥)|(?:<=|≤)|(?:!=|≠)|==|(?s:.)|\\Z)'

FIXED = '!= ( ) * ** + , - ... / : < <= = == > >= @ [ ] ^ · × ÷ … − ≠ ≤ ≥ ⋅'

RULES = """\
postfix 2 1 transpose
statement 1 1 result
statement 2 2 assignment
atom 3 2 group
atom 3 2 array
unary 2 2 negate
unary 2 2 plus
atom 3 2 call
argument 2 2 keyword
postfix 4 2 index
power 3 2 power
product 3 2 matmul
product 3 2 divide
product 3 2 multiply
statements 3 2
expression 3 2 greater_equal
expression 3 2 less_equal
expression 3 2 less
sum 3 2 subtract
expression 3 2 greater
sum 3 2 add
expression 3 2 not_equal
expression 3 2 equal
arguments 3 2 more
elements 3 2 more
subscript 2 2 slice_to
statement 5 4 definition
subscript 3 3 slice_by
subscript 3 2 slice_from_to
subscripts 3 2 more
statement 6 5 definition
subscript 4 3 slice_to_by
subscript 4 3 slice_from_by
subscript 5 3 slice_from_to_by
atom 1 1 name
atom 1 1 number
atom 1 1 string
atom 2 2 call
atom 2 2 array
postfix 1 1
power 1 1
unary 1 1
sum 1 1
statements 1 1
expression 1 1
product 1 1
arguments 1 1
argument 1 1
elements 1 1
subscript 1 1 ellipsis
atom 4 3 array
subscript 1 1 slice
subscript 1 1
subscripts 1 1
atom 4 3 call
subscript 2 1 slice_from
postfix 5 3 index"""

EXPECTED = '116 117 118 117 119 117 120 121 117 122 123 124 1 125 126 127 3 128 129 130 131 118 7 117 132 133 134 135 15 136 137 138 23 25 139 140 117 141 117 117 117 142 117 117 117 117 117 117 117 117 143 32 144 145 146 147 148 142 149 150 151 152 153 41 43 45 47 48 154 155 156 157 158 159 160 161 162 163 164 71 117 165 76 117 166 167 168 169 170 117 84 88 117 117 171 172 98 101 105 109 117 113'

PENDING = """\
atom 0 expression 1 postfix 0 power 2 product 2 program 3 statement 4 statements 4 sum 5 unary 2
atom 6 expression 7 postfix 6 power 8 product 8 sum 9 unary 8
argument 10 arguments 10 atom 11 expression 10 postfix 11 power 12 product 12 sum 13 unary 12
atom 14 expression 15 postfix 14 power 16 product 16 sum 17 unary 16
atom 18 elements 19 expression 19 postfix 18 power 20 product 20 sum 21 unary 20
atom 22 postfix 22 power 23 unary 23


atom 24 postfix 24 power 25 unary 25
atom 0 expression 1 postfix 0 power 2 product 2 statement 26 statements 26 sum 5 unary 2











argument 27 arguments 27 atom 28 expression 27 postfix 28 power 29 product 29 sum 30 unary 29

atom 31 expression 32 postfix 31 power 33 product 33 sum 34 unary 33











atom 35 expression 36 postfix 35 power 37 product 37 subscript 38 subscripts 38 sum 39 unary 37
atom 40 postfix 40 power 41 unary 41

atom 42 postfix 42 power 43 unary 43
atom 44 postfix 44 power 45 unary 45
atom 46 postfix 46 power 47 unary 47
atom 0 expression 1 postfix 0 power 2 product 2 statement 48 sum 5 unary 2
atom 49 postfix 49 power 50 product 50 sum 51 unary 50
atom 52 postfix 52 power 53 product 53 sum 54 unary 53
atom 55 postfix 55 power 56 product 56 sum 57 unary 56
atom 58 postfix 58 power 59 product 59 unary 59
atom 60 postfix 60 power 61 product 61 sum 62 unary 61
atom 63 postfix 63 power 64 product 64 unary 64
atom 65 postfix 65 power 66 product 66 sum 67 unary 66
atom 68 postfix 68 power 69 product 69 sum 70 unary 69


argument 71 atom 72 expression 71 postfix 72 power 73 product 73 sum 74 unary 73


atom 75 expression 76 postfix 75 power 77 product 77 sum 78 unary 77

atom 0 expression 1 postfix 0 power 2 product 2 statement 48 sum 5 unary 2
atom 79 expression 80 postfix 79 power 81 product 81 sum 82 unary 81

















argument 71 atom 72 expression 71 postfix 72 power 73 product 73 sum 74 unary 73



atom 83 expression 84 postfix 83 power 85 product 85 sum 86 unary 85


atom 87 expression 88 postfix 87 power 89 product 89 sum 90 unary 89

atom 91 expression 92 postfix 91 power 93 product 93 sum 94 unary 93
atom 95 expression 96 postfix 95 power 97 product 97 subscript 98 sum 99 unary 97


atom 100 expression 101 postfix 100 power 102 product 102 sum 103 unary 102


atom 104 expression 105 postfix 104 power 106 product 106 sum 107 unary 106
atom 108 expression 109 postfix 108 power 110 product 110 sum 111 unary 110






atom 112 expression 113 postfix 112 power 114 product 114 sum 115 unary 114
"""

ROWS = """\
r1 <END> <SEPARATOR>  s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
r1 <END> <SEPARATOR>
r1 <END> <SEPARATOR>  s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==

a <END>  s18,41 <SEPARATOR>
r1 <END> <SEPARATOR>  s19,42 >= ≥  s19,43 <= ≤  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
r2 <END> <SEPARATOR>  s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
r2 <END> <SEPARATOR>
r2 <END> <SEPARATOR>  s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
r2 <END> <SEPARATOR>  s19,42 >= ≥  s19,43 <= ≤  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
s26,52 ,  s26,53 )
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s26,52 ,  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s26,53 )  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s26,52 ,  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s26,53 )  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
s19,42 >= ≥  s19,43 <= ≤  s26,52 ,  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s26,53 )  s19,48 != ≠  s19,49 ==
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  c3 )  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
c3 )
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  c3 )  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
s19,42 >= ≥  s19,43 <= ≤  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  c3 )  s19,48 != ≠  s19,49 ==
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s30,55 ,  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  c4 ]  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
s30,55 ,  c4 ]
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s30,55 ,  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  c4 ]  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
s19,42 >= ≥  s19,43 <= ≤  s30,55 ,  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  c4 ]  s19,48 != ≠  s19,49 ==
r5 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==  s13,35 [  s13,36 ** ^  c0 <TRANSPOSE>
r5 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==
r6 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==  s13,35 [  s13,36 ** ^  c0 <TRANSPOSE>
r6 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==
a <END>  s34,57 <SEPARATOR>
s50,76 ,  c7 )
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s50,76 ,  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  c7 )  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s50,76 ,  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  c7 )  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
s19,42 >= ≥  s19,43 <= ≤  s50,76 ,  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  c7 )  s19,48 != ≠  s19,49 ==
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r8 , )  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
r8 , )
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r8 , )  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
s19,42 >= ≥  s19,43 <= ≤  r8 , )  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s60,85 :  s62,86 ,  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  c9 ]  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
s60,85 :  s62,86 ,  c9 ]
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s60,85 :  s62,86 ,  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  c9 ]  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
s62,86 ,  c9 ]
s19,42 >= ≥  s19,43 <= ≤  s60,85 :  s62,86 ,  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  c9 ]  s19,48 != ≠  s19,49 ==
b10 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==  s13,35 [  s13,36 ** ^  c0 <TRANSPOSE>
b10 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==
b11 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==  s13,35 [  s13,36 ** ^  c0 <TRANSPOSE>
b11 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==
b12 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==  s13,35 [  s13,36 ** ^  c0 <TRANSPOSE>
b12 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==
b13 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==  s13,35 [  s13,36 ** ^  c0 <TRANSPOSE>
b13 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==
r14 <END> <SEPARATOR>
b15 <END> : , ) ] <SEPARATOR>  s15,38 @  s15,39 / ÷  s13,35 [  s68,45 - −  s68,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>
b15 <END> : , ) ] <SEPARATOR>  s15,38 @  s15,39 / ÷  s68,45 - −  s68,47 +  s15,40 * × · ⋅
b15 <END> : , ) ] <SEPARATOR>  s68,45 - −  s68,47 +
b16 <END> : , ) ] <SEPARATOR>  s15,38 @  s15,39 / ÷  s13,35 [  s69,45 - −  s69,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>
b16 <END> : , ) ] <SEPARATOR>  s15,38 @  s15,39 / ÷  s69,45 - −  s69,47 +  s15,40 * × · ⋅
b16 <END> : , ) ] <SEPARATOR>  s69,45 - −  s69,47 +
b17 <END> : , ) ] <SEPARATOR>  s15,38 @  s15,39 / ÷  s13,35 [  s70,45 - −  s70,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>
b17 <END> : , ) ] <SEPARATOR>  s15,38 @  s15,39 / ÷  s70,45 - −  s70,47 +  s15,40 * × · ⋅
b17 <END> : , ) ] <SEPARATOR>  s70,45 - −  s70,47 +
b18 <END> >= ≥ <= ≤ : , < - − > + ) ] <SEPARATOR> != ≠ ==  s71,38 @  s71,39 / ÷  s13,35 [  s13,36 ** ^  s71,40 * × · ⋅  c0 <TRANSPOSE>
b18 <END> >= ≥ <= ≤ : , < - − > + ) ] <SEPARATOR> != ≠ ==  s71,38 @  s71,39 / ÷  s71,40 * × · ⋅
b19 <END> : , ) ] <SEPARATOR>  s15,38 @  s15,39 / ÷  s13,35 [  s72,45 - −  s72,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>
b19 <END> : , ) ] <SEPARATOR>  s15,38 @  s15,39 / ÷  s72,45 - −  s72,47 +  s15,40 * × · ⋅
b19 <END> : , ) ] <SEPARATOR>  s72,45 - −  s72,47 +
b20 <END> >= ≥ <= ≤ : , < - − > + ) ] <SEPARATOR> != ≠ ==  s73,38 @  s73,39 / ÷  s13,35 [  s13,36 ** ^  s73,40 * × · ⋅  c0 <TRANSPOSE>
b20 <END> >= ≥ <= ≤ : , < - − > + ) ] <SEPARATOR> != ≠ ==  s73,38 @  s73,39 / ÷  s73,40 * × · ⋅
b21 <END> : , ) ] <SEPARATOR>  s15,38 @  s15,39 / ÷  s13,35 [  s74,45 - −  s74,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>
b21 <END> : , ) ] <SEPARATOR>  s15,38 @  s15,39 / ÷  s74,45 - −  s74,47 +  s15,40 * × · ⋅
b21 <END> : , ) ] <SEPARATOR>  s74,45 - −  s74,47 +
b22 <END> : , ) ] <SEPARATOR>  s15,38 @  s15,39 / ÷  s13,35 [  s75,45 - −  s75,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>
b22 <END> : , ) ] <SEPARATOR>  s15,38 @  s15,39 / ÷  s75,45 - −  s75,47 +  s15,40 * × · ⋅
b22 <END> : , ) ] <SEPARATOR>  s75,45 - −  s75,47 +
r23 , )
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r23 , )  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r23 , )  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
s19,42 >= ≥  s19,43 <= ≤  r23 , )  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r24 , ]  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
r24 , ]
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r24 , ]  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
s19,42 >= ≥  s19,43 <= ≤  r24 , ]  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s84,92 :  r25 , ]  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
s84,92 :  r25 , ]
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s84,92 :  r25 , ]  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
s19,42 >= ≥  s19,43 <= ≤  s84,92 :  r25 , ]  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
r26 <END> <SEPARATOR>  s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
r26 <END> <SEPARATOR>
r26 <END> <SEPARATOR>  s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
r26 <END> <SEPARATOR>  s19,42 >= ≥  s19,43 <= ≤  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r27 , ]  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
r27 , ]
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r27 , ]  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
s19,42 >= ≥  s19,43 <= ≤  r27 , ]  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s94,100 :  r28 , ]  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
s94,100 :  r28 , ]
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s94,100 :  r28 , ]  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
s19,42 >= ≥  s19,43 <= ≤  s94,100 :  r28 , ]  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s60,85 :  r29 , ]  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
s60,85 :  r29 , ]
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s60,85 :  r29 , ]  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
r29 , ]
s19,42 >= ≥  s19,43 <= ≤  s60,85 :  r29 , ]  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
r30 <END> <SEPARATOR>  s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
r30 <END> <SEPARATOR>
r30 <END> <SEPARATOR>  s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
r30 <END> <SEPARATOR>  s19,42 >= ≥  s19,43 <= ≤  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r31 , ]  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
r31 , ]
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r31 , ]  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
s19,42 >= ≥  s19,43 <= ≤  r31 , ]  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r32 , ]  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
r32 , ]
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r32 , ]  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
s19,42 >= ≥  s19,43 <= ≤  r32 , ]  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r33 , ]  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
r33 , ]
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r33 , ]  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
s19,42 >= ≥  s19,43 <= ≤  r33 , ]  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
s-1,1 <ASSIGN>  s-1,2 <CALL>  s-1,3 (  s-1,4 [  s-1,5 - −  c34 <NAME>  c35 <NUMBER>  s-1,8 +  s-1,9 <SEPARATOR>  c36 <STRING>
s-1,21 <CALL>  s-1,3 (  s-1,4 [  s-1,5 - −  c34 <NAME>  c35 <NUMBER>  s-1,8 +  c36 <STRING>
s-1,23 <ASSIGN>  s-1,21 <CALL>  s-1,3 (  s-1,4 [  s-1,5 - −  c34 <NAME>  c35 <NUMBER>  s-1,8 +  c37 )  c36 <STRING>
s-1,21 <CALL>  s-1,3 (  s-1,4 [  s-1,5 - −  c34 <NAME>  c35 <NUMBER>  s-1,8 +  c38 ]  c36 <STRING>
r34 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > + ** ^ ) ] <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==
r35 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > + ** ^ ) ] <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==
s-1,1 <ASSIGN>  s-1,2 <CALL>  s-1,3 (  s-1,4 [  s-1,5 - −  c34 <NAME>  c35 <NUMBER>  s-1,8 +  c36 <STRING>
r36 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > + ** ^ ) ] <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==
r39 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > + ** ^ ) ] <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==
r40 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==  s-1,35 [  s-1,36 ** ^  c0 <TRANSPOSE>
r41 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==
r42 <END> >= ≥ <= ≤ : , < - − > + ) ] <SEPARATOR> != ≠ ==  s-1,38 @  s-1,39 / ÷  s-1,40 * × · ⋅
r43 <END> <SEPARATOR>
a <END>  s-1,41 <SEPARATOR>
r44 <END> : , ) ] <SEPARATOR>  s-1,42 >= ≥  s-1,43 <= ≤  s-1,44 <  s-1,45 - −  s-1,46 >  s-1,47 +  s-1,48 != ≠  s-1,49 ==
r45 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==
r37 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > + ** ^ ) ] <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==
r46 , )
s-1,52 ,  s-1,53 )
r47 , )
r38 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > + ** ^ ) ] <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==
s-1,55 ,  c4 ]
r48 , ]
a <END>  s-1,57 <SEPARATOR>
s-1,21 <CALL>  s-1,58 :  c49 ... …  s-1,3 (  s-1,4 [  s-1,5 - −  c34 <NAME>  c35 <NUMBER>  s-1,8 +  c36 <STRING>
r0 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > + ** ^ ) ] <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==
a <END>  s-1,1 <ASSIGN>  s-1,2 <CALL>  s-1,3 (  s-1,4 [  s-1,5 - −  c34 <NAME>  c35 <NUMBER>  s-1,8 +  c36 <STRING>
s-1,76 ,  c7 )
s-1,23 <ASSIGN>  s-1,21 <CALL>  s-1,3 (  s-1,4 [  s-1,5 - −  c34 <NAME>  c35 <NUMBER>  s-1,8 +  s-1,78 )  c36 <STRING>
r7 <END> @ >= ≥ <= ≤ / ÷ < [ - − > + ** ^ <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==  s-1,80 =
r3 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > + ** ^ ) ] <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==
s-1,21 <CALL>  s-1,3 (  s-1,4 [  s-1,5 - −  c34 <NAME>  c35 <NUMBER>  s-1,8 +  c50 ]  c36 <STRING>
r4 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > + ** ^ ) ] <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==
s-1,21 <CALL>  s-1,83 :  r51 , ]  s-1,3 (  s-1,4 [  s-1,5 - −  c34 <NAME>  c35 <NUMBER>  s-1,8 +  c36 <STRING>
r49 , ]
s-1,85 :  r52 , ]
r53 , ]
s-1,86 ,  c9 ]
b15 <END> : , ) ] <SEPARATOR>  s-1,45 - −  s-1,47 +
b16 <END> : , ) ] <SEPARATOR>  s-1,45 - −  s-1,47 +
b17 <END> : , ) ] <SEPARATOR>  s-1,45 - −  s-1,47 +
b18 <END> >= ≥ <= ≤ : , < - − > + ) ] <SEPARATOR> != ≠ ==  s-1,38 @  s-1,39 / ÷  s-1,40 * × · ⋅
b19 <END> : , ) ] <SEPARATOR>  s-1,45 - −  s-1,47 +
b20 <END> >= ≥ <= ≤ : , < - − > + ) ] <SEPARATOR> != ≠ ==  s-1,38 @  s-1,39 / ÷  s-1,40 * × · ⋅
b21 <END> : , ) ] <SEPARATOR>  s-1,45 - −  s-1,47 +
b22 <END> : , ) ] <SEPARATOR>  s-1,45 - −  s-1,47 +
s-1,23 <ASSIGN>  s-1,21 <CALL>  s-1,3 (  s-1,4 [  s-1,5 - −  c34 <NAME>  c35 <NUMBER>  s-1,8 +  c54 )  c36 <STRING>
r7 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > + ** ^ ) ] <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==
r54 <END> @ >= ≥ <= ≤ / ÷ < [ - − > + ** ^ <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==  s-1,89 =
r50 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > + ** ^ ) ] <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==
s-1,92 :  r25 , ]
s-1,21 <CALL>  s-1,93 :  r55 , ]  s-1,3 (  s-1,4 [  s-1,5 - −  c34 <NAME>  c35 <NUMBER>  s-1,8 +  c36 <STRING>
s-1,21 <CALL>  s-1,58 :  c49 ... …  s-1,3 (  s-1,4 [  s-1,5 - −  c34 <NAME>  c35 <NUMBER>  s-1,8 +  c56 ]  c36 <STRING>
r9 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > + ** ^ ) ] <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==
r54 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > + ** ^ ) ] <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==
s-1,100 :  r28 , ]
r56 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > + ** ^ ) ] <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ =="""
